import { annotation, secretNameFor } from '@agent-jobs/k8s-job-runner'
import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import { createRedactor, hideCredentialForms, isSensitive } from '@agent-jobs/primitives'
import type { OpenClient } from '../cluster/with-client.ts'
import type { Redact } from '../output/redacted-terminal.ts'
import type { RunView } from './run-view.ts'

/** Hides the credentials of one run in what it printed. */
export interface RunRedaction {
  readonly redact: Redact
  /** Set when the run's own credentials are unknown, and only well-known forms of keys are hidden. */
  readonly warning: string | null
}

/** The redaction of a run whose variables are known, because this process passes them. */
export function redactionOfVariables(variables: Readonly<Record<string, string>>): Redact {
  return createRedactor({
    secrets: Object.entries(variables).flatMap(([name, value]) => (isSensitive(name, value) ? [value] : [])),
  }).text
}

/** The redaction of a run on the cluster: its Secret holds its credentials for as long as it runs. */
export async function redactionOf({ client }: Pick<OpenClient, 'client'>, run: RunView): Promise<RunRedaction> {
  const found = await variablesOf(client, run)
  if (typeof found === 'string') return { redact: hideCredentialForms, warning: warnings[found] }
  const known = redactionOfVariables(found)
  return { redact: (text) => hideCredentialForms(known(text)), warning: null }
}

const warnings = {
  gone: "the run's Secret was removed at its end, so of its credentials only well-known forms of keys are hidden",
  forbidden: "you may not read the run's Secret, so of its credentials only well-known forms of keys are hidden",
} as const

async function variablesOf(
  client: OpenClient['client'],
  { job, namespace, key }: RunView,
): Promise<Record<string, string> | keyof typeof warnings> {
  try {
    const { metadata, data = {} } = await client.get(kinds.Secret, { name: secretNameFor(key), namespace })
    // The next run of the key has a Secret of the same name.
    if (metadata?.annotations?.[annotation.job] !== job) return 'gone'
    const own = Object.entries(data).filter(([name]) => !name.startsWith('AGENT_JOBS_'))
    return Object.fromEntries(own.map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]))
  } catch (cause) {
    if (isNotFound(cause)) return 'gone'
    if (isForbidden(cause)) return 'forbidden'
    throw cause
  }
}
