import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemDependencies } from '../create-adapter.ts'
import { commonSettings } from '../settings/common-settings.ts'
import { createModelList } from './model-list.ts'

const known = [{ id: 'known', label: 'Known' }]

function list(answers: (string | Error | Promise<string>)[], { modelsInImage = false } = {}) {
  let now = 0
  const late = Promise.withResolvers<void>()
  const warnings: string[] = []
  const deps = systemDependencies({
    env: {},
    clock: {
      now: () => now,
      wallTime: () => now,
      sleep: async (_ms, signal) => {
        await late.promise
        signal?.throwIfAborted()
      },
    },
    onWarning: (message) => warnings.push(message),
  })
  const models = createModelList(
    {
      title: 'X',
      type: 'x',
      schema: z.object(commonSettings),
      models: known,
      modelsInImage,
      listModels: async () => {
        const next = answers.shift()
        if (next === undefined || next instanceof Error) throw next ?? new Error('asked too often')
        const id = await next
        return [{ id, label: id }]
      },
    },
    deps,
  )
  return { models, warnings, pass: (ms: number) => void (now += ms), lose: () => late.resolve() }
}

it('asks the provider at most once a minute, and at once on request', async () => {
  const { models, pass } = list(['a', 'b', 'c'])
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  expect(await models.list()).toMatchObject([{ id: 'a' }])
  expect(await models.refresh()).toMatchObject([{ id: 'b' }])
  pass(60_000)
  expect(await models.list()).toMatchObject([{ id: 'c' }])
})

it('keeps the known list when the provider does not answer, and says so', async () => {
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

describe("a list that the agents' image gives", () => {
  const inImage = { modelsInImage: true }

  it('is the known list while the pod runs, and then its own for an hour', async () => {
    const pod = Promise.withResolvers<string>()
    const { models, pass, lose } = list([pod.promise, 'b'], inImage)
    const first = models.list()
    const refreshed = models.refresh()
    lose()
    expect(await first).toBe(known)
    pod.resolve('a')
    expect(await refreshed).toMatchObject([{ id: 'a' }])
    pass(3_599_999)
    expect(await models.list()).toMatchObject([{ id: 'a' }])
    pass(1)
    expect(await models.refresh()).toMatchObject([{ id: 'b' }])
  })

  it('is not requested again at once when the pod fails', async () => {
    const { models, warnings } = list([new Error('no such image')], inImage)
    expect(await models.list()).toBe(known)
    expect(await models.list()).toBe(known)
    expect(warnings).toEqual(['The models of X could not be listed: no such image'])
  })
})
