import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

async function run(args: string[], stdin = ''): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', main, ...args])
  child.stdin.end(stdin)
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}

describe('the process agent-jobs', () => {
  it('lists its commands and ends with 0', async () => {
    const { code, out, err } = await run(['--help'])
    expect(code).toBe(0)
    for (const command of ['demo', 'run', 'parse', 'mini-kube']) expect(out).toContain(`  ${command}`)
    expect(err).toBe('')
  })

  it('says its version', async () => {
    const { version }: { version: string } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    )
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it('points to the nearest help', async () => {
    expect((await run(['run', '--image'])).err).toContain('`agent-jobs run --help` shows')
    expect((await run(['faults', 'add'])).err).toContain('`agent-jobs faults add --help` shows')
  })

  it('ends silently when its reader closes the pipe', async () => {
    const child = spawn('/bin/sh', [
      '-c',
      '"$0" --conditions=@agent-jobs/source "$1" --help | head -1',
      process.execPath,
      main,
    ])
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    expect({ out, err }).toEqual({ out: 'Usage: agent-jobs COMMAND [options]\n', err: '' })
  })

  it('ends with 2 on a command that is none', async () => {
    const { code, out, err } = await run(['fly'])
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain("unknown command 'fly'")
  })

  it('ends with 2 when nothing is asked of it', async () => {
    expect((await run([])).code).toBe(2)
  })

  it('reads a recording from standard input', async () => {
    const result = { type: 'result', subtype: 'success', is_error: false, result: 'Hi', session_id: 's' }
    const { code, out } = await run(['parse', 'claude', '-', '--json'], `${JSON.stringify(result)}\n`)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ result: 'Hi', isError: false })
  })
})
