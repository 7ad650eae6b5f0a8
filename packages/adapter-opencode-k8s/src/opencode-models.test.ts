import { expect, it } from 'vitest'
import { opencodeModels, readModelLines } from './opencode-models.ts'

it('reads the models that OpenCode lists, once each, and keeps those that are always offered', () => {
  const lines = [
    'openai/gpt-5.5',
    ' xai/grok-4.7 ',
    'openrouter/z-ai/glm-4.6',
    'xai/grok-4.7',
    '',
    'Models cache refreshed',
    '/x',
    'y/',
  ]
  expect(readModelLines(lines).map(({ id }) => id)).toEqual([
    'openai/gpt-5.5',
    'xai/grok-4.7',
    'openrouter/z-ai/glm-4.6',
    ...opencodeModels.map(({ id }) => id).filter((id) => id !== 'openai/gpt-5.5'),
  ])
  expect(readModelLines([])).toEqual(opencodeModels)
})
