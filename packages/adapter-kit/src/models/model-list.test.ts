import { expect, it } from 'vitest'
import { systemDependencies } from '../create-adapter.ts'
import { createModelList } from './model-list.ts'

const known = [{ id: 'known', label: 'Known' }]

function list(answers: (string | Error)[]) {
  let now = 0
  const warnings: string[] = []
  const deps = systemDependencies({
    env: {},
    clock: { now: () => now, sleep: async () => undefined },
    onWarning: (message) => warnings.push(message),
  })
  const models = createModelList(
    {
      label: 'X',
      models: known,
      listModels: async () => {
        const next = answers.shift()
        if (next === undefined || next instanceof Error) throw next ?? new Error('asked too often')
        return [{ id: next, label: next }]
      },
    },
    deps,
  )
  return { models, warnings, pass: (ms: number) => void (now += ms) }
}

it('asks the provider at most once a minute, and at once on request', async () => {
  const { models, pass } = list(['a', 'b', 'c'])
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  expect(await models.refresh()).toMatchObject([{ id: 'b' }])
  pass(60_000)
  expect(await models.list()).toMatchObject([{ id: 'c' }])
})

it('keeps what is known when the provider does not answer, and says so', async () => {
  const { models, warnings, pass } = list([new Error('down'), 'a', new Error('down again')])
  expect(await models.list()).toBe(known)
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  pass(60_000)
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  expect(warnings).toEqual([
    'The models of X could not be listed: down',
    'The models of X could not be listed: down again',
  ])
})
