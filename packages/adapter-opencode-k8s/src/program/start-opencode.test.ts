import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { programText } from '../program-text.generated.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'opencode-start-'))
  folder = join(root, 'db', 'task')
  writeFileSync(join(root, 'start.cjs'), programText)
})
afterEach(() => rmSync(root, { recursive: true }))

/** Starts the program as a pod does, with a stand-in for OpenCode: a shell script. */
function start(script: string, { resume = false, lockWaitMs = 100 } = {}) {
  writeFileSync(join(root, 'opencode'), `#!/bin/sh\n# 20260101000000_first\n${script}\n`, { mode: 0o755 })
  const argv = ['--no-warnings', join(root, 'start.cjs'), folder, resume ? 'resume' : 'fresh', String(lockWaitMs)]
  return spawn(process.execPath, [...argv, 'opencode', 'run', '--dir', '/w'], {
    env: { PATH: `${root}:/usr/bin:/bin` },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group, as the launcher makes one.
    detached: true,
  })
}

async function run(script: string, options: { resume?: boolean } = {}) {
  const child = start(script, options)
  child.stdin.end('the prompt')
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { stdout, stderr, code, signal }
}

describe('the program that starts OpenCode', () => {
  it('hands on arguments, prompt, output and exit code, names the database to OpenCode, and says nothing of its own', async () => {
    const { stdout, stderr, code } = await run('echo "$@"; cat; echo; echo "$OPENCODE_DB"; echo oops >&2; exit 7')
    expect(stdout).toBe(`run --dir /w\nthe prompt\n${folder}/opencode.db\n`)
    expect(stderr).toBe('oops\n')
    expect(code).toBe(7)
  })

  it('ends by the signal that ended OpenCode', async () => {
    expect(await run('kill -KILL $$')).toMatchObject({ code: null, signal: 'SIGKILL' })
  })

  it('survives a signal until OpenCode has ended', async () => {
    const child = start('trap "echo last words; exit 3" TERM; echo ready; while :; do sleep 0.05; done')
    let stdout = ''
    for await (const chunk of child.stdout) {
      stdout += String(chunk)
      if (stdout === 'ready\n') process.kill(-(child.pid ?? Number.NaN), 'SIGTERM')
    }
    expect(stdout).toContain('last words')
    const [code] = child.exitCode === null ? await once(child, 'close') : [child.exitCode]
    expect(code).toBe(3)
  })

  it('says so when the image has no such program', async () => {
    const child = spawn(process.execPath, [join(root, 'start.cjs'), folder, 'fresh', '10', 'no-such-program'], {
      env: { PATH: root },
    })
    expect(await text(child.stderr)).toContain('program "no-such-program" not found on the PATH')
    expect(child.exitCode ?? (await once(child, 'close'))[0]).toBe(127)
  })

  it('does not start on a damaged database whose session is wanted, and sets it aside', async () => {
    await run('true')
    writeFileSync(join(folder, 'opencode.db'), 'noise')
    const { stdout, stderr, code } = await run('echo started', { resume: true })
    expect({ stdout, code }).toEqual({ stdout: '', code: 65 })
    expect(stderr).toMatch(/^agent-jobs: session_db_damaged: /)
    expect(readFileSync(join(folder, 'opencode.db'), 'utf8')).toBe('noise')
    expect((await run('echo "$OPENCODE_DB"')).stdout).toBe(`${folder}/opencode.2.db\n`)
  })

  it('continues in a new one when no session is requested, and says so', async () => {
    await run('true')
    writeFileSync(join(folder, 'opencode.db'), 'noise')
    const { stdout, stderr, code } = await run('echo "$OPENCODE_DB"')
    expect({ stdout, code }).toEqual({ stdout: `${folder}/opencode.2.db\n`, code: 0 })
    expect(stderr).toContain('It is left as it is')
    expect(stderr).not.toContain('session_db_damaged')
  })

  it('does not start on the database of a newer OpenCode', async () => {
    await run('true')
    {
      using database = new DatabaseSync(join(folder, 'opencode.db'))
      database.exec('CREATE TABLE session (id); CREATE TABLE migration (id TEXT, time_completed INTEGER)')
      database.exec("INSERT INTO migration VALUES ('20260101000000_first', 1), ('20990101000000_future', 2)")
    }
    const { stderr, code } = await run('echo started', { resume: true })
    expect(code).toBe(65)
    expect(stderr).toMatch(/^agent-jobs: session_db_newer: .*20990101000000_future/)
    expect(existsSync(join(folder, 'opencode.db.aside'))).toBe(true)
  })

  it('waits for another run of the task, then says that it holds the database', async () => {
    const first = start('echo ready; cat > /dev/null')
    await once(first.stdout, 'data')
    const second = await run('echo started')
    expect({ stdout: second.stdout, code: second.code }).toEqual({ stdout: '', code: 75 })
    expect(second.stderr).toMatch(/^agent-jobs: session_db_locked: another run of this task held /)
    const third = start('echo started', { lockWaitMs: 20_000 })
    const heard = text(third.stdout)
    third.stdin.end()
    first.stdin.end()
    expect(await heard).toBe('started\n')
  })

  it('reports what OpenCode itself says about its database, and sets a damaged one aside', async () => {
    const { stderr, code } = await run(
      'printf "Error: Unexpected error\\n\\ndatabase disk image is malformed\\n" >&2; exit 1',
    )
    expect(code).toBe(1)
    expect(stderr).toContain('agent-jobs: session_db_damaged: ')
    expect(readdirSync(folder)).toContain('opencode.db.aside')
  })

  it('ignores such messages in a run that succeeded', async () => {
    const { stderr } = await run('echo "database is locked" >&2')
    expect(stderr).not.toContain('session_db')
  })
})
