import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documentedBlocks, documentsFor } from './documents.ts'
import { onlyInstalls } from './read-blocks.ts'
import { startReaderCluster, type ReaderCluster } from './reader-cluster.ts'
import { runCommands } from './run-commands.ts'

it('says of every shell block in the documentation where it is executed, or why it is not', () => {
  const blocks = documentedBlocks()
  const silent = blocks.filter(
    (block) => block.places.length === 0 && block.reason === undefined && !onlyInstalls(block),
  )
  expect(silent.map(({ file, line }) => `${file}:${line}`)).toEqual([])
  expect(blocks.length).toBeGreaterThan(25)
})

it('marks with run=ci only what CI runs', () => {
  const ci = readFileSync(new URL('../../.ci/run', import.meta.url), 'utf8')
  const steps = new Set([...ci.matchAll(/"\$\{pnpm\[@\]\}" (\w+)/g)].map(([, step = '']) => step))
  const named = documentsFor('ci').flatMap(([, blocks]) =>
    blocks.flatMap(({ commands }) => [...commands.matchAll(/pnpm (\w+)/g)].map(([, step = '']) => step)),
  )
  expect(named).toEqual(expect.arrayContaining(['demo', 'test']))
  expect(named.filter((step) => !steps.has(step))).toEqual([])
})

describe('documented commands, without a cluster and on mini-kube', { timeout: 120_000 }, () => {
  let reader: ReaderCluster
  beforeAll(async () => {
    reader = await startReaderCluster()
  })
  afterAll(() => reader[Symbol.asyncDispose]())

  const documents = [...documentsFor('here'), ...documentsFor('mini-kube')]
  it.each(documents)('can be executed as %s shows them', async (_file, blocks) => {
    for (const { commands } of blocks) {
      const printed = runCommands(commands, { ...reader.shell, signal: AbortSignal.timeout(60_000) })
      await expect(printed).resolves.toBeDefined()
    }
  })
})
