import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from '../src/mini-kube.ts'
import { testClient } from '../test/test-client.ts'
import { observations } from './observations.ts'
import type { Stage } from './stage.ts'

/** What a real cluster answered; `pnpm test:e2e` checks that it still does. */
const expected = JSON.parse(
  readFileSync(new URL('../src/__fixtures__/conformance.json', import.meta.url), 'utf8'),
) as Record<string, unknown>

describe('mini-kube shows what a real cluster shows', () => {
  let kube: MiniKube
  let stage: Stage
  beforeAll(async () => {
    kube = await startMiniKube({
      namespaces: ['mini-kube-conformance'],
      images: { 'local/agent:1': {} },
      timing: { configRetryMs: 50, mountRetryMs: 50 },
    })
    stage = {
      client: testClient(kube),
      as: async (token) => testClient({ url: kube.url, token }),
      namespace: 'mini-kube-conformance',
      image: 'local/agent:1',
    }
  })
  afterAll(() => kube.close())

  it.concurrent.each([...observations])('$name', async ({ name, observe }) => {
    expect(JSON.parse(JSON.stringify(await observe(stage)))).toEqual(expected[name])
  })
})
