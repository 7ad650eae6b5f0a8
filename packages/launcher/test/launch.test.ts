import { describe, expect, it } from 'vitest'
import { runProgram, startProgram } from './run-program.ts'

const node = process.execPath
const script = (text: string): string[] => [node, '-e', text]

describe('the program in the pod', () => {
  it('writes a start record, one frame for each line, and an end record, byte for byte as documented', async () => {
    const { raw, end } = await runProgram({ argv: ['sh', '-c', 'echo one; echo; printf two'] })
    const lines = raw
      .toString()
      .replaceAll(/ \d{13} /g, ' <ms> ')
      .split('\n')
    expect(lines[0]).toMatch(/^@aj1 0 l <ms> \d+ \{"type":"start","version":1,"pid":\d+,"startedAt":\d{13}\}\.$/)
    expect(lines.slice(1, 4)).toEqual(['@aj1 1 o <ms> 3 one.', '@aj1 2 o <ms> 0 .', '@aj1 3 o <ms> 3 two$'])
    expect(lines[4]).toContain(`"frames":4,"exitCode":0,"signal":null,"durationMs":${end.durationMs},"stoppedBy":null`)
    expect(lines[5]).toBe('')
  })

  it('numbers stdout and stderr in one sequence and keeps them apart', async () => {
    const { frames, stdout, stderr, end, exitCode } = await runProgram({ argv: ['sh', '-c', 'echo out; echo err >&2'] })
    expect(frames.map(({ seq }) => seq)).toEqual([0, 1, 2, 3])
    expect([stdout.toString(), stderr.toString()]).toEqual(['out\n', 'err\n'])
    expect(end).toMatchObject({ frames: 3, exitCode: 0, stdoutBytes: 4, stderrBytes: 4 })
    expect(exitCode).toBe(0)
  })

  it('exits with the code of the command', async () => {
    const { exitCode, end } = await runProgram({ argv: ['sh', '-c', 'exit 42'] })
    expect(exitCode).toBe(42)
    expect(end).toMatchObject({ exitCode: 42, signal: null })
  })

  it('exits with 128 + n when a signal ended the command', async () => {
    const { exitCode, end } = await runProgram({ argv: ['sh', '-c', 'kill -SEGV $$'] })
    expect(exitCode).toBe(139)
    expect(end).toMatchObject({ exitCode: null, signal: 'SIGSEGV', stoppedBy: null })
  })

  it('gives the command its prompt as a file that ends, whatever its size', async () => {
    const stdin = 'ä prompt\n'.repeat(400_000)
    const count = `const fs=require('fs');console.log(fs.fstatSync(0).isFile(),fs.readFileSync(0).length)`
    const { stdout } = await runProgram({ argv: script(count), stdin })
    expect(stdout.toString()).toBe(`true ${Buffer.byteLength(stdin)}\n`)
  })

  it('gives a command without a prompt the end of file', async () => {
    const { stdout } = await runProgram({ argv: ['sh', '-c', 'cat; echo done'] })
    expect(stdout.toString()).toBe('done\n')
  })

  it('gives the command files as stdout and stderr, without a name anywhere', async () => {
    const look = `const fs=require('fs');console.log(fs.fstatSync(1).isFile(),fs.fstatSync(2).isFile(),fs.fstatSync(1).nlink)`
    const { stdout } = await runProgram({ argv: script(look) })
    expect(stdout.toString()).toBe('true true 0\n')
  })

  it('runs the command as the leader of a process group of its own', async () => {
    const { stdout, records } = await runProgram({ argv: ['sh', '-c', 'ps -o pgid= -p $$'] })
    expect(Number(stdout.toString())).toBe(records[0]?.type === 'start' ? records[0].pid : undefined)
  })

  it('loses nothing of a large burst before an exit', async () => {
    const burst = `process.stdout.write('x'.repeat(99)+'\\n');for(let i=0;i<50000;i++)require('fs').writeSync(1,i+' '.repeat(90)+'\\n')`
    const { frames, stdout, end } = await runProgram({ argv: script(burst) })
    expect(stdout.toString().trimEnd().split('\n')).toHaveLength(50_001)
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index))
    expect(end).toMatchObject({ frames: frames.length - 1, stdoutBytes: stdout.length })
  })

  it('writes a long line in parts and marks where it continues', async () => {
    const text = `process.stdout.write('a'.repeat(20000)+'\\n'+'b'.repeat(8000)+'\\n'+'c'.repeat(8001)); `
    const { frames } = await runProgram({ argv: script(text) })
    const parts = frames.filter(({ stream }) => stream === 'o').map(({ payload, flag }) => `${payload.length}${flag}`)
    expect(parts).toEqual(['8000+', '8000+', '4000.', '8000.', '8000+', '1$'])
  })

  it('delivers a line while the command is running', async () => {
    const run = startProgram({ argv: ['sh', '-c', 'echo ready; read x; sleep 60'], limits: { killGraceMs: 500 } })
    await run.seen('ready.')
    run.child.kill('SIGTERM')
    expect((await run.result).end.signal).toBe('SIGTERM')
  })

  it('continues and closes with an end record when a process truncates the output file', async () => {
    const text = `const fs=require('fs');fs.writeSync(1,'before\\n');setTimeout(()=>{fs.ftruncateSync(1,0);fs.writeSync(1,'new\\n')},150)`
    const { notices, stdout } = await runProgram({ argv: script(text) })
    expect(notices).toEqual(['output_truncated'])
    expect(stdout.toString()).toBe('before\nnew\n')
  })
})

describe('the command’s environment', () => {
  const dump = script('console.log(JSON.stringify(process.env))')

  it('has the container’s variables, the spec’s over them, and none of ours', async () => {
    const containerEnv = { KEPT: 'k', CHANGED: 'old', GONE: 'g', 'dotted.name-1': 'd' }
    const { stdout } = await runProgram({ argv: dump, containerEnv, env: { CHANGED: 'new' }, unsetEnv: ['GONE'] })
    const seen = JSON.parse(stdout.toString()) as Record<string, string>
    expect(seen).toEqual({ PATH: process.env['PATH'], KEPT: 'k', CHANGED: 'new', 'dotted.name-1': 'd' })
  })

  it('is never printed by the launcher, and neither is the prompt', async () => {
    const { raw, errors } = await runProgram({
      argv: ['nowhere'],
      stdin: 'secret-prompt',
      env: { TOKEN: 'secret-token' },
      containerEnv: { KEY: 'secret-key' },
      files: [{ path: '/proc/forbidden/x', content: 'secret-file' }],
    })
    expect(raw.toString() + errors).not.toContain('secret')
  })
})
