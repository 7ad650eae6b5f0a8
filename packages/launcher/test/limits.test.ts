import { describe, expect, it } from 'vitest'
import { runProgram, startProgram } from './run-program.ts'

const node = process.execPath
const script = (text: string): string[] => [node, '-e', text]

describe('a limit', () => {
  it('ends a command without output and reports it', async () => {
    const { end, exitCode, notices } = await runProgram({
      argv: ['sh', '-c', 'echo once; exec sleep 60'],
      limits: { idleMs: 300 },
    })
    expect(end).toMatchObject({ stoppedBy: 'idle_limit', signal: 'SIGTERM' })
    expect(end.durationMs).toBeGreaterThanOrEqual(300)
    expect(exitCode).toBe(143)
    expect(notices).toEqual(['idle_limit'])
  })

  it('on silence is not reached while output comes, on either stream and without newlines', async () => {
    const drip = `let n=0;const t=setInterval(()=>{process[n%2?'stdout':'stderr'].write('.');if(++n===10)clearInterval(t)},80)`
    const { end } = await runProgram({ argv: script(drip), limits: { idleMs: 400 } })
    expect(end).toMatchObject({ stoppedBy: null, exitCode: 0, stdoutBytes: 5, stderrBytes: 5 })
  })

  it('on the whole run applies although output arrives', async () => {
    const { end, notices } = await runProgram({
      argv: script(`setInterval(()=>console.log('busy'),20)`),
      limits: { totalMs: 400, idleMs: 5000 },
    })
    expect(end).toMatchObject({ stoppedBy: 'total_limit', signal: 'SIGTERM' })
    expect(notices).toEqual(['total_limit'])
  })

  it('on output drops what is above it, keeps the rest whole, and ends the command', async () => {
    const { end, stdout, notices } = await runProgram({
      argv: ['sh', '-c', 'while :; do echo 0123456789; done'],
      limits: { maxOutputBytes: 100_005 },
    })
    expect(end).toMatchObject({ stoppedBy: 'output_limit', stdoutBytes: 100_005 })
    expect(stdout.toString()).toBe('0123456789\n'.repeat(9092).slice(0, 100_005))
    expect(notices).toEqual(['output_limit'])
  })

  it('on output is reported even when the command has already exited', async () => {
    const { end, stdout } = await runProgram({
      argv: ['sh', '-c', 'head -c 300000 /dev/zero'],
      limits: { maxOutputBytes: 100_000 },
    })
    expect(end).toMatchObject({ stoppedBy: 'output_limit', stdoutBytes: 100_000 })
    expect(stdout).toHaveLength(100_000)
  })

  it('on output ends a writer that ignores SIGTERM at twice the limit, not after the grace period', async () => {
    const { end } = await runProgram({
      argv: ['sh', '-c', 'trap "" TERM; while :; do echo 0123456789; done'],
      limits: { maxOutputBytes: 50_000, killGraceMs: 20_000 },
    })
    expect(end).toMatchObject({ stoppedBy: 'output_limit', signal: 'SIGKILL', stdoutBytes: 50_000 })
  })
})

describe('a command that has finished its work but does not end', () => {
  const finish = { workDone: [{ includes: ['"type":"result"', 'ok'] }] }

  it('is stopped a while after the line that says so', async () => {
    const { end, notices } = await runProgram({
      argv: script(`console.log('{"type":"result","is":"ok"}');setInterval(()=>0,1e6)`),
      limits: { hangAfterFinishMs: 200 },
      finish,
    })
    expect(end.stoppedBy).toBe('hang_after_finish')
    expect(notices).toEqual(['finished', 'hang_after_finish'])
  })

  it('is stopped a while after SIGUSR1', async () => {
    const run = startProgram({ argv: ['sh', '-c', 'echo up; exec sleep 60'], limits: { hangAfterFinishMs: 100 } })
    await run.seen('up.')
    run.child.kill('SIGUSR1')
    const { end, notices } = await run.result
    expect(end.stoppedBy).toBe('hang_after_finish')
    expect(notices).toEqual(['finished', 'hang_after_finish'])
  })

  it('gets its full time again with every line of stdout', async () => {
    const text = `let n=0;console.log('"type":"result" ok');const t=setInterval(()=>{console.log('more');if(++n===6)clearInterval(t)},100)`
    const { end } = await runProgram({ argv: script(text), limits: { hangAfterFinishMs: 350 }, finish })
    expect(end).toMatchObject({ stoppedBy: null, exitCode: 0 })
  })

  it('has all the time it needs while work continues in the background', async () => {
    const text = `console.log('tasks: [1]');console.log('"type":"result" ok');
      setTimeout(()=>{console.log('tasks: []');setInterval(()=>0,1e6)},700)`
    const { end } = await runProgram({
      argv: script(text),
      limits: { hangAfterFinishMs: 200 },
      finish: { ...finish, heldFrom: [{ includes: ['tasks: [', '1'] }], heldUntil: [{ includes: ['tasks: []'] }] },
    })
    expect(end.stoppedBy).toBe('hang_after_finish')
    expect(end.durationMs).toBeGreaterThanOrEqual(900)
  })

  it('has all the time it needs once another turn has begun', async () => {
    const text = `console.log('"type":"result" ok');console.log('turn');
      setTimeout(()=>{console.log('"type":"result" ok');setInterval(()=>0,1e6)},700)`
    const { end } = await runProgram({
      argv: script(text),
      limits: { hangAfterFinishMs: 200 },
      finish: { ...finish, turnBegins: [{ includes: ['turn'] }] },
    })
    expect(end.stoppedBy).toBe('hang_after_finish')
    expect(end.durationMs).toBeGreaterThanOrEqual(900)
  })

  it('is left alone when it ends in time', async () => {
    const { end, notices } = await runProgram({
      argv: script(`console.log('"type":"result" ok');setTimeout(()=>0,100)`),
      limits: { hangAfterFinishMs: 5000 },
      finish,
    })
    expect(end).toMatchObject({ stoppedBy: null, exitCode: 0 })
    expect(notices).toEqual(['finished'])
  })
})

describe('a command that repeats itself', () => {
  const loop = { step: [{ includes: ['step'] }], progress: [{ includes: ['tool'] }], maxSteps: 3 }
  const finish = { workDone: [{ includes: ['done'] }], loop }

  it('is stopped after the configured number of steps without progress', async () => {
    const { end, notices } = await runProgram({
      argv: script(`setInterval(()=>console.log('step'),20)`),
      limits: { killGraceMs: 1000 },
      finish,
    })
    expect(end.stoppedBy).toBe('loop_limit')
    expect(notices).toEqual(['loop_limit'])
  })

  it('is left alone while it makes progress', async () => {
    const { end } = await runProgram({
      argv: script(`for (let n=0;n<9;n++) console.log(n % 3 === 2 ? 'step' : 'tool')`),
      finish,
    })
    expect(end).toMatchObject({ stoppedBy: null, exitCode: 0 })
  })
})
