import { open } from '../policy/operator-rule.ts'
import { alias, choice, number, record, setting, toggle } from './setting-types.ts'

const limits = 'Run limits'
const concurrency = 'Concurrency'
const logFormats = ['auto', 'text', 'events'] as const

/** How long runs last, and which of them run side by side. */
export const limitSettings = {
  timeoutSec: setting(number(0), {
    title: 'Timeout (s)',
    description: 'Longest time a run may take, in seconds; 0 means no limit.',
    field: 'number',
    operator: { ...open, zeroMeansUnlimited: true },
    group: limits,
  }),
  graceSec: setting(number(60), {
    title: 'Grace (s)',
    description: 'Time between asking the agent to stop and killing it.',
    field: 'number',
    operator: { ...open, maximum: 3600 },
    group: limits,
  }),
  idleTimeoutSec: setting(number(3600), {
    title: 'Idle timeout (s)',
    description:
      'Longest time without output before the agent is stopped; 0 means none. Model retries can be silent for six minutes, a sub-agent for as long as it works.',
    field: 'number',
    operator: { ...open, zeroMeansUnlimited: true },
    group: limits,
  }),
  stepsWithoutProgress: setting(number(0), {
    title: 'Steps without progress',
    description:
      'How many steps in a row may make no progress before the agent is stopped. 0 takes the default of the agent: 100 texts without a tool call for Claude Code, 2 steps with an unknown finish reason for OpenCode.',
    field: 'number',
    operator: { ...open, maximum: 100_000 },
    group: limits,
  }),
  hangAfterResultSec: setting(number(30, { min: 1 }), {
    title: 'Linger after result (s)',
    description:
      'How long the agent may linger after its work is finished before it is stopped; the result of the run stays.',
    field: 'number',
    operator: { ...open, maximum: 3600 },
    group: limits,
  }),
  ttlSecondsAfterFinished: setting(number(3600), {
    title: 'Job TTL (s)',
    description:
      'When Kubernetes removes a finished Job that was not removed before. Values below 3600 count as 3600: a result must outlive a server restart.',
    field: 'number',
    operator: { ...open, maximum: 604_800 },
    group: limits,
  }),
  retainJobs: setting(toggle(false), {
    title: 'Retain Jobs',
    description: 'Keep finished Jobs and pods until their TTL, to look at them.',
    field: 'toggle',
    operator: open,
    group: limits,
  }),
  reattachOrphanedJobs: setting(toggle(true), {
    title: 'Reattach orphaned Jobs',
    description: 'After a restart of Paperclip, adopt the running Job of the same task instead of refusing the run.',
    field: 'toggle',
    operator: open,
    group: concurrency,
  }),
  waitForConcurrent: setting(toggle(true), {
    title: 'Wait for a concurrent run',
    description:
      'When another run of the agent is in progress, wait until it ends, in the order of arrival. Off: the run fails with `k8s_concurrent_run_blocked`. A wait lasts at most timeout + grace + 120 s for each run ahead, or 24 hours without a timeout.',
    field: 'toggle',
    operator: open,
    group: concurrency,
  }),
  commentOnFailure: setting(toggle(true), {
    title: 'Comment on failure',
    description:
      "A failed run says why in the issue's thread, as Paperclip's own adapters do, unless the agent commented itself.",
    field: 'toggle',
    operator: open,
    group: concurrency,
  }),
  logFormat: setting(choice(logFormats, 'auto'), {
    title: 'Log format',
    description:
      "The agent's lines in the log of a run: `text` for people, `events` as the agent prints them, for Paperclip's structured transcript. `auto`: `text` where Paperclip's UI cannot show the transcript of an external adapter, as in 2026.916.1.",
    field: 'select',
    options: logFormats.map((value) => ({ label: value, value })),
    operator: open,
    group: concurrency,
  }),
  budgetGate: setting(toggle(false), {
    title: 'Budget gate',
    description:
      "Refuse a run with `budget_exceeded` when the agent's monthly budget is spent, before anything is created.",
    field: 'toggle',
    operator: { allow: ['*'], fixedByDefault: true },
    group: concurrency,
  }),
  k8sRunIsolation: setting(record(), {
    title: 'Run isolation',
    description:
      'Lets runs of one agent run in parallel: `{"mode":"isolated|run|workspace","key":"…","workspaceRoot":"…","homeRoot":"…","sessionRoot":"…","cacheRoot":"…","tmpRoot":"…"}`. Also read as `runIsolation` and `isolation`.',
    kind: 'object',
    operator: open,
    group: concurrency,
  }),
  runIsolation: alias(record(), 'k8sRunIsolation'),
  isolation: alias(record(), 'k8sRunIsolation'),
} as const
