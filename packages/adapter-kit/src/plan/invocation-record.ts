import type { AdapterExecutionContext, AdapterInvocationMeta } from '@paperclipai/adapter-utils'
import { buildInvocationEnvForLogs, parseObject } from '@paperclipai/adapter-utils/server-utils'
import type { AgentDefinition, PreparedAgent } from '../agent/agent-definition.ts'
import type { AgentEnv } from '../pod/agent-env.ts'
import type { PreparedBundle } from '../prompt/prepare-bundle.ts'
import type { RunPlan } from './plan-run.ts'
import { shownArguments } from './shown-arguments.ts'

/** Paperclip's record of a run: where and with what it runs, without its credentials. */
export function invocationRecord(
  { type, conversationType }: Pick<AgentDefinition, 'type' | 'conversationType'>,
  { settings, namespace, places }: RunPlan,
  run: {
    ctx: Pick<AdapterExecutionContext, 'context'>
    jobName: string
    image: string
    bundle: PreparedBundle
    mcpNames: readonly string[]
    proxied: boolean
    prepared: Pick<PreparedAgent, 'argv' | 'notes'>
    env: Pick<AgentEnv, 'plain' | 'secret'>
    prompt: Required<Pick<AdapterInvocationMeta, 'prompt' | 'promptMetrics'>>
    /** Hides the credentials of the run in a text. */
    redact: (text: string) => string
  },
): AdapterInvocationMeta {
  const { prepared, env, redact } = run
  const { skills, instructionsFile } = run.bundle
  return {
    // The built-in type keeps a lost run's task wakeable (docs/paperclip-facts.md#invocation-type); the notes say what ran.
    adapterType: conversationType,
    command: `kubectl job/${run.jobName}`,
    cwd: places.cwd,
    commandNotes: [
      `Adapter: ${type}`,
      `Image: ${run.image}`,
      `Namespace: ${namespace}`,
      `Timeout: ${settings.timeoutSec > 0 ? `${settings.timeoutSec}s` : 'none'}`,
      `Skills (${skills.length})${skills.length > 0 ? `: ${skills.join(', ')}` : ''}`,
      ...(run.mcpNames.length > 0 ? [`MCP servers: ${run.mcpNames.join(', ')}`] : []),
      ...(instructionsFile === null ? [] : [`Instructions: ${instructionsFile}`]),
      `Paperclip's API: ${run.proxied ? "on the pod's loopback" : 'direct'}`,
      ...prepared.notes,
    ],
    commandArgs: shownArguments(prepared.argv, redact),
    env: buildInvocationEnvForLogs({ ...env.plain, ...hidden(env.secret) }),
    ...run.prompt,
    context: shownContext(run.ctx.context, redact),
  }
}

function hidden(secret: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(secret).map((name) => [name, '(in the Secret of the run)']))
}

/** Paperclip's context for the record of the run, without the credentials of the run. */
function shownContext(context: Record<string, unknown>, redact: (text: string) => string): Record<string, unknown> {
  const { paperclipRuntimeTools: _credentials, ...shown } = context
  return parseObject(withTexts(shown, redact))
}

/** The same value with every text in it changed. */
function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each: unknown) => withTexts(each, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withTexts(each, change)]))
}
