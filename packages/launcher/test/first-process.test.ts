import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { canReplaceItself, programNode, runProgram, startProgram } from './run-program.ts'

const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', programNode]
const canUnshare =
  process.platform === 'linux' && spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
const noInotify = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
const withoutInotify = ['unshare', '--user', '--map-root-user', 'sh', '-c', noInotify, 'sh', programNode]
const canForbid = canUnshare && spawnSync('unshare', [...withoutInotify.slice(1), '-e', '0']).status === 0

/** The process that is number 1 in its own namespace. */
function firstProcess(unshareId: number | undefined): number {
  return Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(unshareId)]).toString())
}

// Needs the right to create PID namespaces, as in CI's containers; the e2e test shows the same in a real pod.
describe.skipIf(!canUnshare).each([
  ['as the first process of a container', false],
  ['started by the shell of an image', true],
])('%s', (_, shell) => {
  const hasShell = shell || canReplaceItself

  it.skipIf(!hasShell)('reaps what the command’s children leave behind', async () => {
    const orphans = 'for i in 1 2 3 4 5; do (sh -c "sleep 0.05" &); done; sleep 0.4; ps -eo stat=,comm= '
    const { stdout, exitCode } = await runProgram({ argv: ['sh', '-c', orphans], node: unshare, shell })
    expect(stdout.toString()).toContain('ps')
    expect(stdout.toString()).not.toMatch(/^Z/m)
    expect(exitCode).toBe(0)
  })

  it('exits with the command’s code, also with 127 and after a signal', async () => {
    for (const [command, code] of [
      ['exit 42', 42],
      ['exit 127', 127],
      ['kill -9 $$', 137],
    ] as const) {
      const { exitCode, end } = await runProgram({ argv: ['sh', '-c', command], node: unshare, shell })
      expect([exitCode, end.frames]).toEqual([code, 1])
    }
  })

  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
    ['SIGHUP', 1],
  ] as const) {
    it(`passes ${signal} on to the command's group`, async () => {
      const run = startProgram({ argv: ['sh', '-c', 'echo up; sleep 60 & wait'], node: unshare, shell })
      await run.seen('up.')
      process.kill(firstProcess(run.child.pid), signal)
      const { end, exitCode } = await run.result
      expect(end).toMatchObject({ stoppedBy: 'signal', signal })
      expect(exitCode).toBe(128 + number)
    })
  }

  it.skipIf(!canReplaceItself)(
    'ends the container with 137 when it is killed itself, and the command with it',
    async () => {
      const run = startProgram({ argv: ['sh', '-c', 'echo up; exec sleep 60'], node: unshare, shell })
      await run.seen('up.')
      const child = (parent: number): number =>
        Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)]).toString())
      const launcher = child(firstProcess(run.child.pid))
      const command = child(launcher)
      process.kill(launcher, 'SIGKILL')
      const { exitCode, records } = await run.result
      expect(exitCode).toBe(137)
      expect(records.map(({ type }) => type)).toEqual(['start'])
      expect(() => process.kill(command, 0)).toThrow('ESRCH')
    },
  )

  it('passes SIGUSR1 on, and a command may answer SIGTERM with its own code', async () => {
    const run = startProgram({
      argv: ['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done'],
      limits: { hangAfterFinishMs: 50 },
      node: unshare,
      shell,
    })
    await run.seen('up.')
    process.kill(firstProcess(run.child.pid), 'SIGUSR1')
    const { end, exitCode } = await run.result
    expect(end).toMatchObject({ stoppedBy: 'hang_after_finish', exitCode: 7 })
    expect(exitCode).toBe(7)
  })

  it('gives the command the container’s environment despite the shell in between', async () => {
    const argv = [process.execPath, '-e', 'console.log(JSON.stringify(process.env))']
    const containerEnv = { 'dotted.name-1': 'd', OLDPWD: '/before', EMPTY: '', p: 'p', LINES: 'a\nb' }
    const { stdout } = await runProgram({ argv, containerEnv, node: unshare, shell })
    expect(JSON.parse(stdout.toString())).toEqual({ PATH: process.env['PATH'], ...containerEnv })
  })
})

describe.skipIf(!canForbid)('where the system has no more watches', () => {
  it('polls the output with a timer and reports it', async () => {
    const argv = ['sh', '-c', 'echo one; sleep 0.2; echo two']
    const { stdout, notices } = await runProgram({ argv, node: withoutInotify })
    expect(stdout.toString()).toBe('one\ntwo\n')
    expect(new Set(notices)).toEqual(new Set(['watch_unavailable']))
  })
})
