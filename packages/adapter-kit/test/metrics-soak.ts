// 200 runs while their server is killed 20 times: runs, tokens and cost in the metrics must equal the sums of the
// results, but for results that a kill lost after they were counted.
// With PROMETHEUS, the URL of a Prometheus that scrapes 127.0.0.1:9464 (AGENT_JOBS_METRICS_PORT), its answers count.
// usage: node --conditions=@agent-jobs/source test/metrics-soak.ts [TASKS] [KILLS]
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { countThroughKills, sumsInText, type Sums } from './metrics/count-through-kills.ts'

const [tasks = 200, kills = 20] = process.argv.slice(2).map(Number)
const port = Number(process.env['AGENT_JOBS_METRICS_PORT'] ?? 9464)
const prometheus = process.env['PROMETHEUS']
const target = `127.0.0.1:${port}`

/** One number from Prometheus. */
async function query(expression: string): Promise<number | null> {
  const answer = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expression })}`)
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  const value = data.result[0]?.value[1]
  return value === undefined ? null : Number(value)
}

async function fromPrometheus(endedAt: number): Promise<Sums> {
  const series = `{instance="${target}"}`
  const isFresh = async () => ((await query(`max(timestamp(agent_jobs_runs_total${series}))`)) ?? 0) * 1000 > endedAt
  for (const until = Date.now() + 60_000; !(await isFresh()); await pause(500)) {
    assert.ok(Date.now() < until, `Prometheus at ${prometheus} does not scrape ${target}`)
  }
  assert.equal(await query(`max(resets(agent_jobs_runs_total${series}[10m]))`), 0, 'no counter ever went down')
  const sum = async (metric: string, labels = '') => (await query(`sum(${metric}{instance="${target}"${labels}})`)) ?? 0
  return {
    runs: await sum('agent_jobs_runs_total'),
    inputTokens: await sum('agent_jobs_tokens_total', ',type="input"'),
    outputTokens: await sum('agent_jobs_tokens_total', ',type="output"'),
    nanoUsd: Math.round((await sum('agent_jobs_cost_usd_total')) * 1e9),
  }
}

const fromServer = async (): Promise<Sums> => sumsInText(await (await fetch(`http://${target}/metrics`)).text())

const measure = prometheus === undefined ? fromServer : fromPrometheus
const began = performance.now()
const { results, spent, measured, asked, failed, ...rest } = await countThroughKills({
  tasks,
  kills,
  atOnce: 12,
  port,
  measure,
})
const by = prometheus === undefined ? 'its own /metrics' : 'Prometheus'
const seconds = Math.round((performance.now() - began) / 1000)
console.log(`${tasks} tasks, ${rest.kills} times kill -9, ${asked} runs asked for, in ${seconds} s`)
console.log(`results: ${JSON.stringify(results)}; failed: ${JSON.stringify(failed)}`)
console.log(`agents:  ${JSON.stringify(spent)}`)
console.log(`${by}: ${JSON.stringify(measured)}`)
const lost = measured.runs - results.runs
if (lost === 0) assert.deepEqual(measured, results)
// A kill between counting and returning loses a result: Paperclip has the task done again, and what both runs spent counts.
else console.log(`${lost} counted runs whose results were lost by a kill`)
for (const key of Object.keys(results) as (keyof Sums)[]) {
  assert.ok(results[key] <= measured[key], `every returned result is counted: ${key}`)
  assert.ok(measured[key] <= spent[key], `no run is counted twice: ${key}`)
}
