import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../packages/adapter-kit/src/policy/operator-policy.ts'
import { configurationPage } from './configuration-page.ts'

const read = (name: string) => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')
const bare = (text: string) => text.replaceAll(/[\s|:-]+/g, ' ')

it('docs/configuration.md is what scripts/write-pages.ts makes of the schemas', () => {
  expect(bare(read('configuration.md'))).toBe(bare(configurationPage()))
})

it.each(['configuration.md', 'security.md'])('docs/%s shows policies that the server accepts', (name) => {
  const blocks = [...read(name).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  expect(blocks.length).toBeGreaterThan(0)
  for (const block of blocks) expect(loadPolicy({ AGENT_JOBS_POLICY: JSON.stringify(parse(block)) })).toBeDefined()
})

it('docs/security.md names existing tests', () => {
  const named = [...read('security.md').matchAll(/`([\w-]+\/(?:src|test)\/[\w./-]+\.test\.ts)`/g)].map(
    ([, file = '']) => file,
  )
  expect(named.length).toBeGreaterThan(10)
  for (const file of named) expect(() => readFileSync(new URL(`../packages/${file}`, import.meta.url))).not.toThrow()
})
