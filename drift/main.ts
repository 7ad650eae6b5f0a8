// Runs every scenario of the scripted model against given versions of the agents' command lines, installed from npm, and
// prints what changed in events, exit codes and verdicts since the recorded version. Exits with 1 when something did.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scenarios, startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { agents, type WatchedAgent } from './agents.ts'
import { compare, groupChanges, type Observation, type Recorded } from './observation.ts'
import { runScenario } from './run-scenario.ts'
import { install, newestVersions } from './versions.ts'

const help = `usage: pnpm drift [--agent NAME]... [--versions V,V | --newest N] [--scenario NAME]... [--timeout S] [--jobs N] [--record]

  --agent      only this one (${agents.map(({ name }) => name).join(', ')}); may be given several times
  --versions   versions to install, such as 2.1.331,2.1.332 (with one --agent)
  --newest     how many of the newest stable versions; default 1
  --scenario   only this one; may be given several times
  --timeout    seconds after which a run is stopped, which is an observation too; default 100
  --jobs       runs at a time; default 2
  --record     write what the last version showed to drift/recorded
`

const { values } = parseArgs({
  options: {
    agent: { type: 'string', multiple: true },
    versions: { type: 'string' },
    newest: { type: 'string', default: '1' },
    scenario: { type: 'string', multiple: true },
    timeout: { type: 'string', default: '100' },
    jobs: { type: 'string', default: '2' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const wanted = agents.filter(({ name }) => values.agent?.includes(name) ?? true)
const names = Object.keys(scenarios).filter((name) => values.scenario?.includes(name) ?? true)
if (wanted.length === 0 || names.length === 0 || (values.versions !== undefined && wanted.length !== 1)) {
  console.error(help)
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'drift-'))
const model = await startScriptedModel({ maxRequests: 1 })
let changed = 0
try {
  for (const agent of wanted) changed += await watch(agent, model)
} finally {
  await model.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
process.exitCode = changed > 0 ? 1 : 0

/** Looks at one agent's versions, oldest first, and returns how many scenarios changed. */
async function watch(agent: WatchedAgent, api: ScriptedModel): Promise<number> {
  const versions =
    values.versions?.split(',') ?? (await newestVersions(agent.package, Number(values.newest))).toReversed()
  const recorded = await readRecorded(agent)
  let count = 0
  for (const version of versions) {
    const home = await install(agent.package, version, join(folder, `${agent.name}-${version}`))
    const observed = await observe(agent, { api, version, binary: join(home, agent.file) })
    console.log(`\n${agent.name} ${version}, against ${recorded?.version ?? 'nothing recorded'}:`)
    count += report(recorded, observed)
    if (values.record && version === versions.at(-1)) {
      const kept = { ...recorded?.scenarios, ...observed }
      await writeFile(recordedPath(agent), `${JSON.stringify({ version, scenarios: kept }, null, 1)}\n`)
    }
    await rm(join(folder, `${agent.name}-${version}`), { recursive: true, force: true, maxRetries: 5 })
  }
  return count
}

async function observe(
  agent: WatchedAgent,
  { api, version, binary }: { api: ScriptedModel; version: string; binary: string },
): Promise<Record<string, Observation>> {
  const observed = new Map<string, Observation>()
  const queue = [...names]
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const url = api.scenarioUrl(name, `${agent.name}-${version}`)
      observed.set(name, await runScenario(agent, { binary, url, folder, timeoutMs: Number(values.timeout) * 1000 }))
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  return Object.fromEntries([...observed].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b)))
}

function report(recorded: Recorded | null, observed: Readonly<Record<string, Observation>>): number {
  const changes = new Map(
    Object.entries(observed).map(
      ([name, observation]) => [name, compare(recorded?.scenarios[name], observation)] as const,
    ),
  )
  for (const line of groupChanges(changes)) console.log(`  ${line}`)
  const count = [...changes.values()].filter((all) => all.length > 0).length
  console.log(count === 0 ? '  nothing changed' : `  ${count} of ${changes.size} scenarios changed`)
  return count
}

function recordedPath({ name }: WatchedAgent): URL {
  return new URL(`recorded/${name}.json`, import.meta.url)
}

async function readRecorded(agent: WatchedAgent): Promise<Recorded | null> {
  try {
    return JSON.parse(await readFile(recordedPath(agent), 'utf8')) as Recorded
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
