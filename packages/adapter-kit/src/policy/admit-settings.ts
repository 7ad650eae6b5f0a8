import type { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import { commonSettings } from '../settings/common-settings.ts'
import { isBlank } from '../settings/loose-text.ts'
import { nearestName } from '../settings/nearest-name.ts'
import { lookUp, readSettings, requireSettings } from '../settings/read-settings.ts'
import { judgeSettings, policyFor, withinMaximum } from './judge-settings.ts'
import { loadPolicy, type OperatorPolicy } from './operator-policy.ts'
import type { ServerFacts } from './operator-rule.ts'

/** An agent's settings as the operator's policy admits them. */
export interface AdmittedSettings<Settings> {
  settings: Settings
  policy: OperatorPolicy
}

function policyInvalid(problem: string): AdapterError {
  return new AdapterError(
    'policy_invalid',
    `The operator policy is invalid: ${problem}${/[.?]$/.test(problem) ? '' : '.'} No agent runs until the server's operator corrects it.`,
  )
}

function refuseUnknownNames(schema: z.ZodObject, policy: OperatorPolicy, adapterType: string): void {
  const common = Object.keys(commonSettings)
  const own = Object.keys(schema.shape)
  const check = (section: string, names: string[], known: readonly string[]) => {
    for (const name of names) {
      if (known.includes(name)) continue
      const nearest = nearestName(name, known)
      const hint = nearest === null ? '' : ` Did you mean "${nearest}"?`
      const where =
        section.startsWith('adapters') || !own.includes(name) ? '' : ` It belongs below "adapters.${adapterType}".`
      throw policyInvalid(`"${section}" names "${name}", which is not a setting.${hint}${where}`)
    }
  }
  const sections = ['defaults', 'allow', 'maximum'] as const
  for (const section of sections) check(section, Object.keys(policy[section]), common)
  const mine = policy.adapters[adapterType]
  if (!mine) return
  for (const section of sections) check(`adapters.${adapterType}.${section}`, Object.keys(mine[section]), own)
}

/** The facts that operator rules depend on. */
function serverFacts(env: Readonly<Record<string, string | undefined>>): ServerFacts {
  return { inCluster: Boolean(env['KUBERNETES_SERVICE_HOST']) }
}

/**
 * Reads an agent's settings under the operator's policy: the only way in which the flow gets settings. Values that the
 * policy bars are refused with `policy_denied`, all at once, before anything is created.
 */
export function admitSettings<S extends z.ZodObject>(
  definition: { schema: S; type: string },
  env: Readonly<Record<string, string | undefined>>,
  config: Record<string, unknown>,
): AdmittedSettings<z.output<S>> {
  const { schema, type } = definition
  const policy = loadPolicy(env)
  refuseUnknownNames(schema, policy, type)
  const effective = policyFor(policy, type)
  const fallback = readSettings(schema, { ...effective.defaults })
  if (!fallback.ok) {
    const list = fallback.problems.map(({ key, message }) => `"defaults.${key}": ${message}`).join('; ')
    throw policyInvalid(list)
  }
  const merged = { ...config }
  for (const [key, value] of Object.entries(effective.defaults)) if (isBlank(lookUp(config, key))) merged[key] = value
  const given: Record<string, unknown> = requireSettings(schema, merged)
  const settings = withinMaximum(schema, given, fallback.value, effective)
  const facts = serverFacts(env)
  const barred = judgeSettings({ schema, settings, fallback: fallback.value, policy: effective, facts })
  if (barred.length === 0) return { settings: settings as z.output<S>, policy }
  const list = barred.map(({ key, message }) => `"${key}": ${message}`).join('. ')
  throw new AdapterError(
    'policy_denied',
    `The operator's policy does not allow this configuration. ${list} (AGENT_JOBS_POLICY or AGENT_JOBS_POLICY_FILE of the Paperclip server).`,
  )
}
