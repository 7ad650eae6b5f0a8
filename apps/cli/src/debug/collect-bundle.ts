import { annotation, secretNameFor } from '@agent-jobs/k8s-job-runner'
import { isNotFound, KubeError, kinds, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import type { V1Node } from '@kubernetes/client-node'
import type { OpenClient } from '../cluster/with-client.ts'
import { shownServer } from '../cluster/resolve-cluster.ts'
import { plain } from '../output/safe-text.ts'
import type { Redact } from '../output/redacted-terminal.ts'
import { describeRun, eventsOf } from '../runs/describe-run.ts'
import type { FoundRun } from '../runs/read-runs.ts'
import { redactionOf } from '../runs/run-redaction.ts'
import { readOutput } from './read-output.ts'
import { sanitizeObject, sanitizeText } from './sanitize-object.ts'

/** One file of a bundle. */
export interface BundleFile {
  readonly name: string
  readonly text: string
}

/** A support bundle: files without credentials. */
export interface Bundle {
  readonly files: readonly BundleFile[]
  /** What could not be read, and what could not be hidden for certain. */
  readonly problems: readonly string[]
}

/** What a bundle is made of, besides the cluster. */
export interface BundleInput {
  readonly run: FoundRun
  /** How many of the last lines of the agent's output to include; 0 for none. */
  readonly outputLines: number
  readonly versions: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: number
}

const kind = (apiVersion: string, name: string, plural: string): ResourceKind<KubeObject> => ({
  apiVersion,
  kind: name,
  plural,
  namespaced: true,
})
const quotaKinds = [kind('v1', 'ResourceQuota', 'resourcequotas'), kind('v1', 'LimitRange', 'limitranges')]
const workloadKind = kind('kueue.x-k8s.io/v1beta1', 'Workload', 'workloads')
const nodeKind: ResourceKind<V1Node> = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false }
// The API server merges equal Events, so a run has a few dozen.
const maxEvents = 500

/** Reads everything that helps to understand one run. What may not be read becomes a problem of the bundle. */
export async function collectBundle(cluster: OpenClient, input: BundleInput): Promise<Bundle> {
  const { run } = input
  const problems: string[] = []
  const { redact, warning } = await redactionOf(cluster, run.view)
  if (warning !== null) problems.push(`Credentials: ${warning}.`)
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read()
    } catch (error) {
      if (!KubeError.isInstance(error)) throw error
      problems.push(`${what} could not be read: ${error.message}`)
      return null
    }
  }
  const json = (name: string, value: unknown): BundleFile => ({
    name,
    text: `${JSON.stringify(sanitizeObject(value, redact), null, 2)}\n`,
  })
  const optional = (name: string, value: unknown): BundleFile[] =>
    value === null || (Array.isArray(value) && value.length === 0) ? [] : [json(name, value)]
  const described = await attempt('The description', () => describeRun(cluster, run))
  const files = [
    json('versions.json', { ...input.versions, ...(await clusterVersions(cluster, run, attempt)) }),
    json('settings.json', settings(cluster, input)),
    ...optional('description.json', described?.description ?? null),
    ...(described === null ? [] : [timelineFile(described.description.timeline, redact)]),
    json('job.json', run.job),
    ...optional('pod.json', run.pod ?? null),
    ...optional('events.json', (await attempt('Events', () => eventsOf(cluster, run)))?.slice(-maxEvents) ?? null),
    ...(await relatedObjects(cluster, run, attempt)).flatMap(({ name, value }) => optional(name, value)),
  ]
  if (input.outputLines > 0) {
    const output = await attempt('The output', () => readOutput(cluster.client, run.view, input.outputLines))
    if (output !== null) files.push({ name: 'output.txt', text: sanitizeText(plain(output), redact) })
  }
  return { files: [readme(input, files, problems), ...files], problems }
}

type Attempt = <T>(what: string, read: () => Promise<T>) => Promise<T | null>

async function relatedObjects(
  { client, namespace }: OpenClient,
  { view, job, pod }: FoundRun,
  attempt: Attempt,
): Promise<{ name: string; value: unknown }[]> {
  const absentIsNull = async <T>(read: Promise<T>): Promise<T | null> => {
    try {
      return await read
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }
  const volumes = pod?.spec?.volumes ?? job.spec?.template.spec?.volumes ?? []
  const claims = volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
  const isQueued = job.metadata?.labels?.['kueue.x-k8s.io/queue-name'] !== undefined
  const secret = await attempt('The lock of the run', () =>
    absentIsNull(client.get(kinds.Secret, { name: secretNameFor(view.key), namespace })),
  )
  return [
    { name: 'lock.json', value: secret === null ? null : { ...secret, kind: 'Secret' } },
    {
      name: 'volume-claims.json',
      value: await attempt('Volume claims', () =>
        Promise.all(claims.map((name) => absentIsNull(client.get(kinds.PersistentVolumeClaim, { name, namespace })))),
      ),
    },
    {
      name: 'quotas.json',
      value: await attempt('Quotas and limit ranges', async () => {
        const lists = await Promise.all(quotaKinds.map((each) => client.list(each, { namespace })))
        return lists.flatMap(({ items }) => items)
      }),
    },
    {
      name: 'workloads.json',
      value: isQueued
        ? await attempt('Workloads of Kueue', async () => {
            const labelSelector = `kueue.x-k8s.io/job-uid=${job.metadata?.uid ?? ''}`
            return (await client.list(workloadKind, { namespace, labelSelector })).items
          })
        : null,
    },
  ]
}

async function clusterVersions({ client }: OpenClient, { view }: FoundRun, attempt: Attempt): Promise<object> {
  const version = await attempt('The version of Kubernetes', () =>
    client.request<{ gitVersion?: string; platform?: string }>({ method: 'GET', path: '/version' }),
  )
  const { node: name } = view
  const node = name === null ? null : await attempt(`Node ${name}`, () => client.get(nodeKind, { name }))
  const { nodeInfo, conditions } = node?.status ?? {}
  return {
    kubernetes: version?.gitVersion ?? null,
    kubernetesPlatform: version?.platform ?? null,
    nodeInfo: nodeInfo ?? null,
    nodeConditions: conditions ?? null,
  }
}

// Names of variables that change what this command and the adapters do. Their values may be private.
const ownVariable = /^(?:AGENT_JOBS_|KUBECONFIG$|HTTPS?_PROXY$|NO_PROXY$|NODE_|OTEL_)/i

function settings({ client, namespace }: OpenClient, { run, env }: BundleInput): object {
  const follow = run.job.metadata?.annotations?.[annotation.follow]
  return {
    server: shownServer(client.server),
    namespace,
    follow: follow === undefined ? null : parsed(follow),
    variablesThatAreSet: Object.keys(env)
      .filter((name) => ownVariable.test(name))
      .sort(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function timelineFile(timeline: readonly { at: string; what: string; level: string }[], redact: Redact): BundleFile {
  const lines = timeline.map(({ at, what, level }) => `${at} ${level.padEnd(7)} ${plain(what).replaceAll(/\s+/g, ' ')}`)
  return { name: 'timeline.txt', text: `${sanitizeText(lines.join('\n'), redact)}\n` }
}

function readme({ run, now, outputLines }: BundleInput, files: readonly BundleFile[], problems: readonly string[]) {
  const output = outputLines > 0 ? `the last ${outputLines} lines of the agent's output` : "not the agent's output"
  const lines = [
    `Support bundle of Job ${run.view.job} in namespace ${run.view.namespace}, made ${new Date(now).toISOString()} by agent-jobs debug.`,
    '',
    `Contains: ${files.map(({ name }) => name).join(', ')}; ${output}.`,
    'Data of Secrets, values of variables that look like credentials, and the credentials of the run are left out or shown as ***.',
    'Names of objects, images, nodes, users and addresses are not hidden. Read the files before you share them.',
    ...(problems.length === 0 ? [] : ['', 'Problems:', ...problems.map((problem) => `- ${problem}`)]),
  ]
  return { name: 'README.txt', text: `${lines.join('\n')}\n` }
}
