import { expect, it } from 'vitest'
import { codexModels, readCatalogue } from './codex-models.ts'

it('offers the models of the catalogue that are for choice', () => {
  const models = [
    { slug: 'gpt-9', display_name: 'GPT-9', visibility: 'list' },
    { slug: 'gpt-9-internal', visibility: 'hide' },
    { slug: 'gpt-9-mini', visibility: 'list' },
    { nothing: true },
  ]
  expect(readCatalogue(JSON.stringify({ models }, null, 1).split('\n'))).toEqual([
    { id: 'gpt-9', label: 'GPT-9' },
    { id: 'gpt-9-mini', label: 'gpt-9-mini' },
  ])
})

it.each([['not JSON'], ['{}'], ['{"models":[]}'], ['[]'], ['']])(
  'offers those that are known when Codex prints %j',
  (text) => {
    expect(readCatalogue([text])).toBe(codexModels)
  },
)
