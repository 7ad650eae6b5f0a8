import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { initScript } from './init-script.ts'

const shells = [['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['sh']].filter(
  ([name = '', ...args]) => spawnSync(name, [...args, '-c', 'exit 0']).status === 0,
)
const directory = mkdtempSync(join(tmpdir(), 'launcher-init-'))
let count = 0

const running = new Set<ChildProcess>()
afterEach(() => {
  // Cleans up after a failed test: the script and its child are one process group.
  for (const child of running)
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  running.clear()
})

/** Starts the script with another program instead of node. */
function start([shell = '', ...options]: string[], program: string): ChildProcess {
  count += 1
  const path = join(directory, `node-${count}`)
  writeFileSync(path, `#!/bin/sh\n${program}\n`)
  chmodSync(path, 0o755)
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit']
  const child = spawn(shell, [...options, '-c', initScript, path], { stdio, detached: true })
  running.add(child)
  return child
}

async function ends(child: ChildProcess): Promise<unknown> {
  const [code, signal] = (await once(child, 'close')) as unknown[]
  running.delete(child)
  return signal ?? code
}

describe.each(shells)('the init script in %s', (...shell) => {
  it.each([0, 1, 42, 127, 143, 255])('exits with the launcher’s code %i', async (code) => {
    expect(await ends(start(shell, `exit ${code}`))).toBe(code)
  })

  it('exits with 128 + n when a signal ended the launcher', async () => {
    expect(await ends(start(shell, 'kill -9 $$'))).toBe(137)
  })

  // SIGINT is ignored in a shell's background child, which the launcher (node) undoes and a script cannot; see
  // first-process.test.ts for it.
  it.each(['SIGTERM', 'SIGHUP', 'SIGUSR1'] as const)('passes %s on and waits for the end', async (signal) => {
    const name = signal.slice(3)
    const child = start(shell, `trap 'sleep 0.1; exit 7' ${name}\necho up\nwhile :; do sleep 0.05; done`)
    if (child.stdout) await once(child.stdout, 'data')
    child.kill(signal)
    expect(await ends(child)).toBe(7)
  })

  it('passes on every one of many signals and still ends with the launcher’s code', async () => {
    const child = start(
      shell,
      `n=0; trap 'n=$((n+1)); echo got' USR1; trap 'exit 9' TERM\necho up\nwhile :; do sleep 0.02; done`,
    )
    const { stdout } = child
    if (stdout === null) throw new Error('no stdout')
    for (let n = 0; n < 5; n += 1) {
      await once(stdout, 'data')
      child.kill('SIGUSR1')
    }
    await once(stdout, 'data')
    stdout.resume()
    child.kill('SIGTERM')
    expect(await ends(child)).toBe(9)
  })

  it('starts the launcher with the program of the environment', async () => {
    const child = start(shell, 'echo "$1 $2"')
    const text = child.stdout?.setEncoding('utf8').toArray()
    expect(await ends(child)).toBe(0)
    expect((await text)?.join('')).toBe('-e eval(process.env.AGENT_JOBS_LAUNCHER)\n')
  })
})
