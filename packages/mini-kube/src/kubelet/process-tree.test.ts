import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { markerVariable, ProcessTree, sendSignal } from './process-tree.ts'

const stay = 'setInterval(() => {}, 1_000)'

/** A first process, and whether it is gone. */
function start(marker: string) {
  const child = spawn(process.execPath, ['-e', stay], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [markerVariable]: marker },
  })
  return { pid: Number(child.pid), gone: once(child, 'exit') }
}

const started: number[] = []
afterEach(() => {
  for (const pid of started.splice(0)) {
    sendSignal(pid, 'SIGKILL')
  }
})

const begin = (marker: string) => {
  const made = start(marker)
  started.push(made.pid)
  return made
}

describe('the processes of a container', () => {
  it.skipIf(process.platform !== 'linux')(
    'are found by their marker in /proc, whatever group they are in',
    async () => {
      const [first, second] = [begin('tree-one'), begin('tree-one')]
      expect(await new ProcessTree().kill({ marker: 'tree-one', group: first.pid })).toBeGreaterThanOrEqual(2)
      await Promise.all([first.gone, second.gone])
    },
  )

  it('are found elsewhere by marker or group in what ps lists', async () => {
    const [first, second, third] = [begin('x'), begin('x'), begin('x')]
    const killed: string[][] = []
    const lists = [
      [
        `  ${first.pid} ${first.pid} S /bin/sleep 60`,
        `  ${second.pid} ${second.pid} S+ node -e x ${markerVariable}=abc PATH=/bin`,
        `  ${third.pid} ${third.pid} S node ${markerVariable}=abcd`,
        `  99999999 ${first.pid} Z (sh)`,
      ].join('\n'),
      '',
    ]
    const tree = new ProcessTree({
      platform: 'darwin',
      ps: async (args) => {
        killed.push(args)
        return lists.shift() ?? ''
      },
    })
    expect(await tree.kill({ marker: 'abc', group: first.pid })).toBe(2)
    await Promise.all([first.gone, second.gone])
    expect(process.kill(third.pid, 0)).toBe(true)
    expect(killed[0]).toEqual(['-axEww', '-o', 'pid=,pgid=,stat=,command='])
  })

  it('end with their group where nothing can be listed, and reports it once', async () => {
    const told: unknown[] = []
    const tree = new ProcessTree({
      platform: 'darwin',
      ps: async () => {
        throw Object.assign(new Error('spawn ps ENOENT'), { code: 'ENOENT' })
      },
      onProblem: (error) => told.push(error),
    })
    for (const container of [begin('a'), begin('b')]) {
      await tree.kill({ marker: 'none', group: container.pid })
      await container.gone
    }
    expect(told).toHaveLength(1)
    expect(String(told[0])).toContain('Is there a `ps` on PATH?')
  })
})
