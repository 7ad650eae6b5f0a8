// `pnpm bench launcher`: the cost of the launcher: at startup, for each line, and in bulk. Needs no cluster.
import { spawn, spawnSync } from 'node:child_process'
import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { figure, percentile, type Bench } from './figure.ts'

const rounds = 21
const lines = 500
const stamp = 'performance.timeOrigin+performance.now()'
const printOnce = `require('fs').writeSync(1,String(${stamp})+'\\n')`
const printOften = `let n=0;const t=setInterval(()=>{require('fs').writeSync(1,String(${stamp})+'\\n');if(++n===${lines})clearInterval(t)},5)`
const printBulk = `const b=Buffer.from(('x'.repeat(99)+'\\n').repeat(1000));for(let i=0;i<1000;i++)require('fs').writeSync(1,b)`

const now = (): number => performance.timeOrigin + performance.now()

interface Way {
  command: string[]
  env: NodeJS.ProcessEnv
}
const bare = (script: string): Way => ({ command: [process.execPath, '-e', script], env: process.env })
const launched = (script: string, before: string[] = [], shell = false): Way => ({
  command: [
    ...before,
    ...(shell
      ? [...bootstrapCommand({ shell }).slice(0, -1), process.execPath]
      : [process.execPath, ...bootstrapCommand().slice(1)]),
  ],
  env: { ...process.env, ...packEnv({ version: 1, argv: [process.execPath, '-e', script] }) },
})

/** Milliseconds from our start of the process to the agent's first instruction. */
function startMs({ command: [name = '', ...args], env }: Way): number {
  const begun = now()
  const { stdout } = spawnSync(name, args, { env, encoding: 'utf8' })
  return Number(/\d{13}\.\d+/.exec(stdout)?.[0]) - begun
}

/** Milliseconds from the agent's write of each line to its arrival here. */
async function lineMs({ command: [name = '', ...args], env }: Way): Promise<number[]> {
  const child = spawn(name, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const delays: number[] = []
  for await (const chunk of child.stdout) {
    const at = now()
    for (const [written] of String(chunk).matchAll(/\d{13}\.\d+/g)) delays.push(at - Number(written))
  }
  return delays
}

async function bulkMs({ command: [name = '', ...args], env }: Way): Promise<number> {
  const begun = now()
  const child = spawn(name, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const chunk of child.stdout) if (chunk === undefined) break
  return now() - begun
}

export const bench: Bench = async (log) => {
  const namespaced = ['unshare', '--pid', '--fork', '--mount-proc']
  const canUnshare = spawnSync(namespaced[0] ?? '', [...namespaced.slice(1), 'true']).status === 0
  const ways: Record<string, Way> = {
    'node itself': bare(printOnce),
    launcher: launched(printOnce),
    ...(canUnshare
      ? {
          'launcher as process 1': launched(printOnce, namespaced),
          'launcher as process 1, started by a shell': launched(printOnce, namespaced, true),
        }
      : {}),
  }
  log(`Starting ${rounds} times in turns: ${Object.keys(ways).join(', ')}`)
  const starts = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) starts.get(name)?.push(startMs(way))
  }
  log(`Timing ${lines} lines, through a pipe and through the launcher`)
  const direct = await lineMs(bare(printOften))
  const framed = await lineMs(launched(printOften))
  log('Passing 100 MB in lines of 100 bytes')
  const bulk = await bulkMs(launched(printBulk))
  return [
    ...[...starts].map(([name, samples]) => figure(`first instruction, ${name}, p50`, percentile(samples, 0.5), 'ms')),
    figure('a line through a pipe, p50', percentile(direct, 0.5), 'ms'),
    figure('a line through the launcher, p50', percentile(framed, 0.5), 'ms', { target: 5 }),
    figure('a line through the launcher, p99', percentile(framed, 0.99), 'ms', { target: 50 }),
    figure('throughput', 100 / (bulk / 1000), 'MB/s', { better: 'higher' }),
  ]
}
