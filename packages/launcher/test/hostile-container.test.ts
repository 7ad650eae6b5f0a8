import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { programNode, runProgram, startProgram } from './run-program.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-hostile-'))
const script = (text: string): string[] => [process.execPath, '-e', text]

/** Runs node as root of namespaces of its own, behind a shell line that has prepared them. */
function namespaced(prepare: string, ...more: string[]): string[] {
  return ['unshare', '--user', '--map-root-user', '--mount', ...more, 'sh', '-c', `${prepare} && exec "$@"`, 'sh']
}
const works = (command: string[]): boolean =>
  process.platform === 'linux' && spawnSync(command[0] ?? '', [...command.slice(1), 'true']).status === 0

const small = join(directory, 'small')
const fullDisk = namespaced(`mkdir -p ${small} && mount -t tmpfs -o size=64k none ${small}`)
const noShell = namespaced(
  'mount --bind /dev/null "$(readlink -f /bin/sh)"',
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
)

describe.skipIf(!works(fullDisk))('a full disk (needs the right to create mount namespaces)', () => {
  const node = [...fullDisk, programNode]
  const letters = `const fs=require('fs');try{for(;;)fs.writeSync(1,'x'.repeat(99)+'\\n')}catch(e){fs.writeSync(2,'');process.exitCode=e.code==='ENOSPC'?7:8}`

  it('ends only the journal', async () => {
    const { end, stdout, notices, records } = await runProgram({
      argv: ['sh', '-c', 'yes 0123456789abcdef | head -20000; sleep 0.1; echo fine'],
      journal: { path: join(small, 'journal') },
      node,
    })
    expect(notices).toEqual(['journal_failed'])
    const notice = records.find(({ type }) => type === 'notice')
    expect(notice?.type === 'notice' && notice.message).toMatch(
      /small\/journal cannot be written and ends here: ENOSPC/,
    )
    expect(stdout.toString().endsWith('fine\n')).toBe(true)
    expect(end).toMatchObject({ exitCode: 0, stdoutBytes: 20_000 * 17 + 5 })
  })

  it('affects only the command when it holds its output: what it could write is delivered', async () => {
    const { end, stdout } = await runProgram({ argv: script(letters), outputDirectory: small, node })
    expect(end).toMatchObject({ exitCode: 7, stoppedBy: null })
    expect(stdout.length).toBe(end.stdoutBytes)
    expect(stdout.length).toBeGreaterThan(10_000)
  })

  it('is reported when the prompt does not fit, and no piece of the prompt stays behind', async () => {
    const list = join(directory, 'left')
    // The small file system is visible from within only: the first process of the namespace lists it.
    const { end, exitCode } = await runProgram({
      argv: ['true'],
      stdin: Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251)),
      outputDirectory: small,
      node: [...fullDisk, 'sh', '-c', `"$@"; code=$?; ls -A ${small} > ${list}; exit $code`, 'sh', programNode],
    })
    expect(end.startError?.code).toBe('output_unwritable')
    expect(end.startError?.message).toMatch(/No file can be made in .*small: ENOSPC/)
    expect(exitCode).toBe(125)
    expect(readFileSync(list, 'utf8')).toBe('')
  })
})

describe.skipIf(!works(noShell))(
  'an image without a shell (needs the right to create mount and PID namespaces)',
  () => {
    const node = [...noShell, programNode]

    it('runs the command anyway, as the first process itself', async () => {
      const { stdout, exitCode, end } = await runProgram({
        argv: script('console.log(process.ppid);process.exit(5)'),
        node,
      })
      expect(stdout.toString()).toBe('1\n')
      expect(end).toMatchObject({ exitCode: 5 })
      expect(exitCode).toBe(5)
    })

    it('passes signals on', async () => {
      const argv = script(`process.on('SIGTERM',()=>process.exit(6));console.log('up');setInterval(()=>0,1e6)`)
      const run = startProgram({ argv, node })
      await run.seen('up.')
      process.kill(Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(run.child.pid)]).toString()), 'SIGTERM')
      const { exitCode, end } = await run.result
      expect(end).toMatchObject({ exitCode: 6, stoppedBy: 'signal' })
      expect(exitCode).toBe(6)
    })
  },
)

describe('a signal at a bad moment', () => {
  // Loaded before the program: sends the signal when the program's handlers are there, and lets nothing listen before it
  // has come.
  const early = join(directory, 'early.cjs')
  writeFileSync(
    early,
    `const {Server}=require('net'),{listen}=Server.prototype
    Server.prototype.listen=function(...o){process.once('SIGTERM',()=>listen.apply(this,o));return this}
    process.on('newListener',(name)=>{if(name==='SIGUSR1'){delete process.env.NODE_OPTIONS;process.kill(process.pid,'SIGTERM')}})`,
  )
  const containerEnv = { NODE_OPTIONS: `--require ${early}` }

  it('that arrives before the command’s start keeps it from starting', async () => {
    const tokenFile = join(directory, 'token')
    writeFileSync(tokenFile, 'token')
    const made = join(directory, 'made')
    const { end, exitCode, records } = await runProgram({
      argv: ['touch', made],
      containerEnv,
      // Its opening is what the start waits for.
      proxy: { targetUrl: 'http://127.0.0.1:9', tokenFile, envUrl: 'API_URL', envToken: 'API_KEY' },
    })
    expect(records[0]).toMatchObject({ type: 'start', pid: null })
    expect(end).toMatchObject({ stoppedBy: 'signal', exitCode: null, startError: { code: 'stopped_before_start' } })
    expect(exitCode).toBe(143)
    expect(existsSync(made)).toBe(false)
  })

  it('that arrives with the command’s start ends it', async () => {
    const { end, exitCode } = await runProgram({ argv: ['sleep', '60'], containerEnv })
    expect(end).toMatchObject({ stoppedBy: 'signal', signal: 'SIGTERM' })
    expect(exitCode).toBe(143)
  })
})

describe('a process that has left the command’s group', () => {
  it('and holds its stdout open does not delay the end', async () => {
    const { end, stdout } = await runProgram({ argv: ['sh', '-c', 'setsid sleep 20 & echo $!'] })
    expect(end).toMatchObject({ exitCode: 0, stoppedBy: null })
    expect(end.durationMs).toBeLessThan(10_000)
    const escaped = Number(stdout.toString())
    expect(escaped).toBeGreaterThan(0)
    process.kill(escaped)
  })
})

describe('the folder of the output', () => {
  it('has nothing in it while the command runs: not its prompt, not its output', async () => {
    const folder = mkdtempSync(join(directory, 'output-'))
    const { stdout } = await runProgram({
      argv: ['sh', '-c', 'cat > /dev/null; ls -A "$1"; echo done', 'sh', folder],
      stdin: 'prompt',
      outputDirectory: folder,
    })
    expect(stdout.toString()).toBe('done\n')
    expect(readdirSync(folder)).toEqual([])
  })
})
