import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runProgram, startProgram } from './run-program.ts'

const node = process.execPath
const script = (text: string): string[] => [node, '-e', text]
/** Zombies, which only the machine's init can remove, count as gone. */
const alive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

describe('a signal to the launcher', () => {
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
    ['SIGHUP', 1],
  ] as const) {
    it(`reaches the whole group of the command: ${signal}`, async () => {
      const run = startProgram({ argv: ['sh', '-c', 'sleep 60 & echo child $!.; wait'] })
      await run.seen('child')
      run.child.kill(signal)
      const { end, exitCode, stdout, notices } = await run.result
      expect(end).toMatchObject({ stoppedBy: 'signal', signal })
      expect(exitCode).toBe(128 + number)
      expect(alive(Number(/\d+/.exec(stdout.toString())?.[0]))).toBe(false)
      expect(notices[0]).toBe('signal')
    })
  }

  it('lets the command print its last output and keeps its exit code', async () => {
    const run = startProgram({
      argv: script(
        `process.on('SIGTERM',()=>{console.log('last words');process.exit(9)});console.log('up');setInterval(()=>0,1e6)`,
      ),
    })
    await run.seen('up.')
    run.child.kill('SIGTERM')
    const { end, exitCode, stdout } = await run.result
    expect(stdout.toString()).toBe('up\nlast words\n')
    expect(end).toMatchObject({ exitCode: 9, signal: null, stoppedBy: 'signal' })
    expect(exitCode).toBe(9)
  })

  it('becomes SIGKILL after the grace period for a command that ignores it', async () => {
    const run = startProgram({
      argv: ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 60; done'],
      limits: { killGraceMs: 300 },
    })
    await run.seen('up.')
    run.child.kill('SIGTERM')
    const { end, exitCode, notices } = await run.result
    expect(end).toMatchObject({ stoppedBy: 'signal', signal: 'SIGKILL' })
    expect(exitCode).toBe(137)
    expect(notices).toEqual(['signal', 'killed'])
  })
})

describe('a process that outlives the command', () => {
  it('is ended, named, and its last output is delivered before the end record', async () => {
    const child = `process.on('SIGTERM',()=>{console.log('child ends');process.exit()});process.send('up');setInterval(()=>0,1e6)`
    const main = `const c=require('child_process').spawn(process.execPath,['-e',${JSON.stringify(child)}],{stdio:['ignore',1,2,'ipc']});c.on('message',()=>process.exit(3))`
    const { end, stdout, notices, exitCode } = await runProgram({ argv: script(main) })
    expect(stdout.toString()).toBe('child ends\n')
    expect(notices).toEqual(['leftover_processes'])
    expect(end).toMatchObject({ exitCode: 3, stoppedBy: null })
    expect(exitCode).toBe(3)
  })

  it('is killed when it ignores SIGTERM', async () => {
    const { end, stdout } = await runProgram({
      argv: ['sh', '-c', '(trap "" TERM; echo deaf; while :; do sleep 60; done) & sleep 0.2; echo $!'],
      limits: { killGraceMs: 200 },
    })
    expect(end.exitCode).toBe(0)
    expect(alive(Number(/\d+/.exec(stdout.toString())?.[0]))).toBe(false)
  })

  it('costs nothing when there is none', async () => {
    const { end } = await runProgram({ argv: ['true'] })
    expect(end.durationMs).toBeLessThan(500)
  })
})

describe('the container’s stdout', () => {
  it('may be stuck: the command runs to its end, and everything arrives when it is read again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'launcher-stuck-'))
    const lines = `for(let i=0;i<20000;i++)fs.writeSync(1,i+' '.repeat(99)+'\\n')`
    const mark = `fs.writeFileSync(${JSON.stringify(join(directory, 'ended'))},'')`
    const watcher = watch(directory)
    const ended = once(watcher, 'change')
    const run = startProgram({ argv: script(`const fs=require('fs');${lines};${mark}`) })
    run.child.stdout?.pause()
    await ended
    watcher.close()
    run.child.stdout?.resume()
    const { end, frames } = await run.result
    expect(end).toMatchObject({ exitCode: 0, stoppedBy: null })
    expect(frames.filter(({ stream }) => stream === 'o')).toHaveLength(20_000)
  })

  it('may go away: the command runs to its end', async () => {
    const run = startProgram({
      argv: ['sh', '-c', 'echo one; read x; for i in 1 2 3; do echo $i; sleep 0.1; done; exit 4'],
    })
    await run.seen('one.')
    run.child.stdout?.destroy()
    const [code] = (await once(run.child, 'exit')) as [number]
    expect(code).toBe(4)
  })
})
