import { describeOutcome } from '@agent-jobs/k8s-job-runner'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { AdapterError } from '../adapter-error.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { openSite } from '../plan/run-site.ts'
import { podFields } from '../pod/pod-fields.ts'

const limitMs = 60_000
const startBudgetSeconds = 60
// A list of models; OpenCode's whole catalogue has some 5,000.
const maxLines = 10_000

/**
 * What a command prints in the image of the agents, with the variables that they inherit: a short Job, which sees neither
 * volume nor Paperclip. The answer may differ for agents with their own image or variables.
 */
export async function imageOutput(
  definition: Pick<AgentDefinition, 'type' | 'schema'>,
  deps: AdapterDependencies,
  command: { argv: readonly string[]; env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<string[]> {
  const site = await openSite(definition, deps, {}, signal)
  const { cluster, namespace, inheritance, references } = site
  const image = inheritance?.image
  if (!image) {
    throw new AdapterError(
      'k8s_image_unknown',
      'The Paperclip server is not running in the cluster, so its image is not known.',
    )
  }
  const runId = `models-${deps.clock.wallTime()}`
  const handle = await cluster.runner(namespace).start(
    {
      key: `${definition.type}:${runId}`,
      runId,
      namePrefix: 'agent-models',
      image,
      command: { argv: command.argv, limits: { totalMs: limitMs } },
      env: { ...inheritance.env.plain, ...command.env },
      secretEnv: inheritance.env.sensitive,
      envValueFrom: Object.fromEntries(
        references.flatMap(({ name, valueFrom }) => (valueFrom ? [[name, valueFrom] as const] : [])),
      ),
      labels: { 'app.kubernetes.io/managed-by': 'paperclip', 'app.kubernetes.io/component': 'agent-models' },
      ...podFields(site),
      // Listing needs few resources, and must fit on a full node.
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: podFields(site).resources?.limits ?? {} },
      start: { budgetSeconds: startBudgetSeconds, unschedulableGraceSeconds: startBudgetSeconds },
    },
    { signal },
  )
  const lines: string[] = []
  for await (const event of handle.events) {
    if (event.type === 'line' && event.stream === 'stdout' && lines.length < maxLines) lines.push(event.text)
  }
  const outcome = await handle.outcome
  cluster.afterwards(handle.settled)
  if (outcome.kind === 'succeeded') return lines
  throw new AdapterError(
    'k8s_probe_failed',
    `"${command.argv.join(' ')}" in the agents' image: ${describeOutcome(outcome).message}`,
  )
}
