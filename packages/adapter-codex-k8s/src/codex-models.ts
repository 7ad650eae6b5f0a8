import type { AgentDefinition, ModelInput } from '@agent-jobs/adapter-kit'

type Models = AgentDefinition['models']

/** Offered until the image has been queried: the models in the catalogue of Codex 0.171.0. */
export const codexModels: Models = [
  { id: 'gpt-6.2-sol', label: 'GPT-6.2-Sol' },
  { id: 'gpt-6.2-astra', label: 'GPT-6.2-Astra' },
  { id: 'gpt-6.1-sol', label: 'GPT-6.1-Sol' },
  { id: 'gpt-6.1-terra', label: 'GPT-6.1 Terra' },
  { id: 'gpt-6-sol', label: 'GPT-6-Sol' },
  { id: 'gpt-6-luna', label: 'GPT-6-Luna' },
  { id: 'gpt-5.6-sol', label: 'GPT-5.6-Sol' },
  { id: 'gpt-5.5', label: 'GPT-5.5' },
]

/** The models in what `codex debug models` prints: one JSON object, which also contains models that users cannot select. */
export function readCatalogue(lines: readonly string[]): Models {
  let value: unknown
  try {
    value = JSON.parse(lines.join('\n'))
  } catch {
    return codexModels
  }
  const listed = memberOf(value, 'models')
  const models = (Array.isArray(listed) ? listed : []).flatMap((model: unknown) => {
    const id = memberOf(model, 'slug')
    const label = memberOf(model, 'display_name')
    if (typeof id !== 'string' || memberOf(model, 'visibility') === 'hide') return []
    return [{ id, label: typeof label === 'string' ? label : id }]
  })
  return models.length === 0 ? codexModels : models
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined
}

/** Asks Codex in the agents' image for its catalogue. An unknown model runs, too: the API decides. */
export async function listCodexModels({ inImage }: ModelInput): Promise<Models> {
  return readCatalogue(
    await inImage({
      argv: ['sh', '-c', 'mkdir -p "$CODEX_HOME" && exec codex debug models'],
      env: { HOME: '/tmp/agent-home', CODEX_HOME: '/tmp/agent-home/.codex' },
    }),
  )
}
