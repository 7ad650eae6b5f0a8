import { readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createProcessMetrics } from './process-metrics.ts'
import { createRunMetrics } from './run-metrics.ts'

const read = (name: string) => readFileSync(new URL(`../../../monitoring/${name}`, import.meta.url), 'utf8')
const rules = read('rules.yaml')
const dashboard = JSON.parse(read('dashboard.json')) as { panels: { title: string; targets: { expr: string }[] }[] }

/** The time series of our metrics that a query reads, and the labels that it uses with each. */
function uses(query: string): string[] {
  return [...query.matchAll(/(?<![:\w])agent_jobs_\w+/g)].map(([name]) => name)
}

async function seriesThatExist(): Promise<Set<string>> {
  const registry = new Registry()
  await createRunMetrics({
    registry,
    onError: (error) => {
      throw error
    },
  })
  createProcessMetrics({ registry, spoolBytes: () => 0 })
  const metrics = await registry.getMetricsAsJSON()
  const suffixes = (type: string) => (type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
  return new Set(metrics.flatMap(({ name, type }) => suffixes(String(type)).map((suffix) => name + suffix)))
}

describe('the files for monitoring', () => {
  it.each([
    ['the rules', [rules]],
    ...dashboard.panels.map(({ title, targets }): [string, string[]] => [
      `the panel "${title}"`,
      targets.map(({ expr }) => expr),
    ]),
  ])('read only metrics that exist in %s', async (_where, queries) => {
    const used = queries.flatMap(uses)
    const exist = await seriesThatExist()
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((name) => !exist.has(name))).toEqual([])
  })

  it('show every metric', async () => {
    const used = new Set(
      [rules, ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))].flatMap(uses),
    )
    const shown = [...(await seriesThatExist())].filter((name) => !/_(?:sum|count)$/.test(name))
    expect(shown.filter((name) => !used.has(name))).toEqual([])
  })
})
