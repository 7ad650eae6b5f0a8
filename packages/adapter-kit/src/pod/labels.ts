import { createHash } from 'node:crypto'

const reserved = [
  'paperclip.io/',
  'app.kubernetes.io/',
  'agent-jobs.dev/',
  'kubernetes.io/',
  'k8s.io/',
  'batch.kubernetes.io/',
  'kueue.x-k8s.io/',
]
const namePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const prefixPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Turns any text into a valid label value, or null when nothing valid is left. Case is kept. */
export function labelValue(text: string | null | undefined): string | null {
  const value = (text ?? '')
    .replaceAll(/[^a-zA-Z0-9._-]/g, '')
    .slice(0, 63)
    .replaceAll(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '')
  return value === '' ? null : value
}

/** What labels tell about a run. */
export interface RunIdentity {
  adapterType: string
  agentId: string
  runId: string
  companyId: string
  taskId: string | null
  sessionId: string | null
  isolation: { mode: string; keyHash: string | null; sessionScope: string | null }
}

/** The identity labels of a Job and its pod. Empty and unusable values are left out. */
export function identityLabels(run: RunIdentity): Record<string, string> {
  const labels: Record<string, string> = {
    'app.kubernetes.io/managed-by': 'paperclip',
    'app.kubernetes.io/component': 'agent-job',
    'paperclip.io/adapter-type': run.adapterType,
  }
  const optional = {
    'paperclip.io/agent-id': run.agentId,
    'paperclip.io/run-id': run.runId,
    'paperclip.io/company-id': run.companyId,
    'paperclip.io/task-id': run.taskId,
    'paperclip.io/session-id': run.sessionId,
    'paperclip.io/isolation-mode': run.isolation.mode,
    'paperclip.io/isolation-key-hash': run.isolation.keyHash,
    'paperclip.io/session-scope': run.isolation.sessionScope,
  }
  for (const [name, text] of Object.entries(optional)) {
    const value = labelValue(text)
    if (value !== null) labels[name] = value
  }
  return labels
}

/** Names the bundle of skills and instructions that a run reads. */
export const bundleAnnotation = 'paperclip.io/prompt-bundle'
/** Continues the trace of the run that started a Job: see `readTraceRecord`. */
export const traceAnnotation = 'paperclip.io/trace'

/** Annotations need no validation: the texts are kept unchanged. */
export function identityAnnotations(
  run: RunIdentity & { agentName: string; promptBundleKey: string | null; traceRecord: string | null },
): Record<string, string> {
  return {
    'paperclip.io/adapter-type': run.adapterType,
    'paperclip.io/agent-name': run.agentName,
    'paperclip.io/run-id': run.runId,
    ...(run.taskId === null ? {} : { 'paperclip.io/task-id': run.taskId }),
    ...(run.promptBundleKey === null ? {} : { [bundleAnnotation]: run.promptBundleKey }),
    ...(run.traceRecord === null ? {} : { [traceAnnotation]: run.traceRecord }),
  }
}

function isLabelName(name: string): boolean {
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return false
  if (second === undefined) return namePattern.test(first)
  return first.length <= 253 && prefixPattern.test(first) && namePattern.test(second)
}

/** Splits the user's labels into usable ones and those that are skipped, with the reason. */
export function extraLabels(labels: Record<string, string> | undefined): {
  labels: Record<string, string>
  skipped: { name: string; reason: 'reserved' | 'invalid' }[]
} {
  const result: ReturnType<typeof extraLabels> = { labels: {}, skipped: [] }
  for (const [name, text] of Object.entries(labels ?? {})) {
    const value = text === '' ? '' : labelValue(text)
    if (reserved.some((prefix) => name.startsWith(prefix))) result.skipped.push({ name, reason: 'reserved' })
    else if (!isLabelName(name) || value === null) result.skipped.push({ name, reason: 'invalid' })
    else result.labels[name] = value
  }
  return result
}

/** First 16 hex digits of a text's SHA-256. */
export function shortHash(text: string, digits = 16): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}
