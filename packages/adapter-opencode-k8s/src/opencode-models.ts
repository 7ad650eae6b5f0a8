import type { AgentDefinition, ModelInput } from '@agent-jobs/adapter-kit'

type Models = AgentDefinition['models']

/** Offered before the image was queried, and in addition to its list: agents may have their own keys and providers. */
export const opencodeModels: Models = [
  { id: 'anthropic/claude-opus-5', label: 'Anthropic Claude Opus 5' },
  { id: 'anthropic/claude-sonnet-5', label: 'Anthropic Claude Sonnet 5' },
  { id: 'anthropic/claude-haiku-4-5', label: 'Anthropic Claude Haiku 4.5' },
  { id: 'openai/gpt-5.5', label: 'OpenAI GPT-5.5' },
  { id: 'google/gemini-2.5-pro', label: 'Google Gemini 2.5 Pro' },
]

/** The models in what `opencode models` prints, one `provider/model` a line, and those that are always offered. */
export function readModelLines(lines: readonly string[]): Models {
  const ids = lines.map((line) => line.trim()).filter((line) => /^[a-z0-9][\w.-]*\/[^\s/]\S*$/i.test(line))
  const found = new Set(ids)
  return [...[...found].map((id) => ({ id, label: id })), ...opencodeModels.filter(({ id }) => !found.has(id))]
}

/** Asks OpenCode in the agents' image which models it has keys for. */
export async function listOpencodeModels({ inImage }: ModelInput): Promise<Models> {
  const config = { autoupdate: false, share: 'disabled', disabled_providers: ['opencode'] }
  const lines = await inImage({
    argv: ['opencode', 'models'],
    env: {
      HOME: '/tmp/agent-home',
      OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
      OPENCODE_DB: ':memory:',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_PROJECT_CONFIG: 'true',
    },
  })
  return readModelLines(lines)
}
