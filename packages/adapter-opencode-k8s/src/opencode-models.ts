import type { AgentDefinition } from '@agent-jobs/adapter-kit'

/**
 * Offered in the form. Which models there are depends on the providers that the agent's image and login know; any other
 * `provider/model` can be written by hand.
 */
export const opencodeModels: AgentDefinition['models'] = [
  { id: 'anthropic/claude-opus-5', label: 'Anthropic Claude Opus 5' },
  { id: 'anthropic/claude-sonnet-5', label: 'Anthropic Claude Sonnet 5' },
  { id: 'anthropic/claude-haiku-4-5', label: 'Anthropic Claude Haiku 4.5' },
  { id: 'openai/gpt-5.5', label: 'OpenAI GPT-5.5' },
  { id: 'google/gemini-2.5-pro', label: 'Google Gemini 2.5 Pro' },
]
