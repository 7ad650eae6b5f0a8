import { errorMessage } from '@agent-jobs/primitives'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import { readStructure } from '../settings/loose-text.ts'

const patterns = z.union([
  z.boolean().transform((any) => (any ? ['*'] : [])),
  z.array(z.union([z.string().min(1), z.number(), z.boolean()]).transform(String)).max(1000),
])

const limits = z.union([z.number().nonnegative(), z.string().min(1)])

const rules = {
  /** Values that apply when an agent's settings do not set them. */
  defaults: z.record(z.string(), z.unknown()).default({}),
  /** Per setting: patterns of allowed values, `true` for any, `false` for none. */
  allow: z.record(z.string(), patterns).default({}),
  /** Per setting: the greatest allowed number or quantity; for a setting with several quantities, by their names. */
  maximum: z.record(z.string(), z.union([limits, z.record(z.string(), limits)])).default({}),
}

const policySchema = z.strictObject({
  ...rules,
  /** The same for the settings of one adapter alone, by adapter type. */
  adapters: z.record(z.string(), z.strictObject(rules)).default({}),
  /**
   * What a kubeconfig in the settings may ask for: `data` only, also files and a proxy (`paths`), or also programs that run
   * in the server (`plugins`).
   */
  kubeconfigTrust: z.enum(['data', 'paths', 'plugins']).default('data'),
  /**
   * Registers the adapter in place of Paperclip's built-in type (`claude_local`, `opencode_local`, `codex_local`): all its
   * agents then run in pods. Read when Paperclip loads the adapter.
   */
  replaceBuiltIn: z.boolean().default(false),
  inherit: z
    .strictObject({
      /** Variables of the server, by pattern, that every agent gets besides the built-in list. */
      env: z.array(z.string().min(1)).default([]),
      /** Volumes of the server that every agent gets: `secret/NAME`, `configMap/NAME`, `projected/VOLUME`, `csi/DRIVER`. */
      volumes: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
})

/** What the server's operator allows agents, whatever their settings. */
export type OperatorPolicy = z.output<typeof policySchema>

/** The policy of a server whose operator has set none. */
export const defaultPolicy: OperatorPolicy = policySchema.parse({})

const maxPolicyBytes = 1_048_576

function invalid(where: string, problem: string): AdapterError {
  return new AdapterError(
    'policy_invalid',
    `The operator policy in ${where} is invalid: ${problem}. No agent runs until the server's operator corrects it.`,
  )
}

/** Reads a policy from its YAML or JSON text. */
export function parsePolicy(text: string, where: string): OperatorPolicy {
  if (text.length > maxPolicyBytes) throw invalid(where, `it is longer than ${maxPolicyBytes} characters`)
  const structure = readStructure(text)
  if (!structure.ok) throw invalid(where, structure.error)
  if (structure.value === null) throw invalid(where, 'it is empty')
  const read = policySchema.safeParse(structure.value)
  if (read.success) return read.data
  const problems = read.error.issues.map(({ path, message }) => `"${path.join('.') || '(policy)'}": ${message}`)
  throw invalid(where, problems.join('; '))
}

/**
 * Reads the operator's policy from the server's environment or the file that it names; the file is read each time. Both
 * names may have the prefix `PAPERCLIP_`.
 */
export function loadPolicy(env: Readonly<Record<string, string | undefined>>): OperatorPolicy {
  // Paperclip's launch scripts pass on only variables with its own prefix.
  const text = (env['AGENT_JOBS_POLICY'] ?? env['PAPERCLIP_AGENT_JOBS_POLICY'])?.trim()
  const file = (env['AGENT_JOBS_POLICY_FILE'] ?? env['PAPERCLIP_AGENT_JOBS_POLICY_FILE'])?.trim()
  if (text && file) {
    throw invalid('AGENT_JOBS_POLICY', 'AGENT_JOBS_POLICY_FILE is set, too, and only one of them can count')
  }
  if (text) return parsePolicy(text, 'AGENT_JOBS_POLICY')
  if (!file) return defaultPolicy
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw invalid(file, `the file that AGENT_JOBS_POLICY_FILE names cannot be read (${errorMessage(error)})`)
  }
  return parsePolicy(content, file)
}
