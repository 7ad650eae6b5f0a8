import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureApart, type Result } from '../measurements.ts'
import { aligned } from '../results/table.ts'
import { compareFigures, type Change } from './compare-figures.ts'

const root = join(import.meta.dirname, '../..')
/** Measurements that need no cluster and no installed programs. */
const byDefault = ['claude-parser', 'codex-parser', 'kube-api', 'launcher', 'log-stream', 'opencode-parser']

/**
 * Measures this checkout and the commit `ref` in turns, both with the measurements of this checkout, and prints what
 * changed beyond the noise. Returns an exit code: 1 when something got worse.
 */
export async function compareWith(ref: string, o: { names: readonly string[]; rounds: number }): Promise<number> {
  const names = o.names.length > 0 ? o.names : byDefault
  const other = mkdtempSync(join(tmpdir(), 'bench-compare-'))
  try {
    checkOut(ref, other)
    let isWorse = false
    for (const name of names) {
      const [before, after] = await inTurns(name, other, o.rounds)
      const changes = compareFigures(before, after)
      console.log(`\n${name}, ${before.length} and ${after.length} of ${o.rounds} rounds:\n${report(changes)}`)
      isWorse ||= changes.some(({ verdict }) => verdict === 'worse')
    }
    return isWorse ? 1 : 0
  } finally {
    execFileSync('git', ['worktree', 'remove', '--force', other], { cwd: root, stdio: 'ignore' })
    rmSync(other, { recursive: true, force: true })
  }
}

function checkOut(ref: string, folder: string): void {
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', folder, ref], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Both are measured in the same way: only the packages differ.
  rmSync(join(folder, 'bench'), { recursive: true, force: true })
  const isOurs = (path: string): boolean => !path.includes('node_modules')
  cpSync(join(root, 'bench'), join(folder, 'bench'), { recursive: true, filter: isOurs })
  cpSync(join(root, 'pnpm-workspace.yaml'), join(folder, 'pnpm-workspace.yaml'))
  const install = ['install', '--prefer-offline', '--no-frozen-lockfile', '--silent']
  execFileSync('pnpm', install, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

async function inTurns(name: string, other: string, rounds: number): Promise<[Result[], Result[]]> {
  const before: Result[] = []
  const after: Result[] = []
  const take = async (into: Result[], from: string): Promise<void> => {
    const result = await measureApart(name, { root: from, quick: true })
    if (result.kind === 'measured') into.push(result)
    else console.error(`${name} in ${from === root ? 'this checkout' : 'the other one'}: ${result.why}`)
  }
  for (let round = 0; round < rounds; round += 1) {
    // Which one comes first changes, so that neither always finds the machine warmer.
    const turns = [() => take(before, other), () => take(after, root)]
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  }
  return [before, after]
}

function report(changes: readonly Change[]): string {
  const rows = changes.map(({ name, unit, before, after, percent, verdict }) => {
    const sign = percent > 0 ? '+' : ''
    return [name, String(before), String(after), unit, `${sign}${percent.toFixed(0)} %`, verdict]
  })
  return aligned([['figure', 'before', 'after', 'unit', 'change', ''], ...rows])
}
