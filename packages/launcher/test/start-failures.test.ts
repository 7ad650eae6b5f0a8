import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packEnv } from '../src/pack-env.ts'
import { programNode, runProgram } from './run-program.ts'
import type { ProgramInput } from './run-program.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-start-'))
const file = (name: string, text: string, mode = 0o755): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const cases: { name: string; input: ProgramInput; exitCode: number; code: string; message: RegExp }[] = [
  {
    name: 'a command that is not in PATH',
    input: { argv: ['no-such-command'] },
    exitCode: 127,
    code: 'command_not_found',
    message: /^The command no-such-command was not found in the image \(PATH was searched\)\.$/,
  },
  {
    name: 'a path where nothing is',
    input: { argv: ['/no/such/command'] },
    exitCode: 127,
    code: 'command_not_found',
    message: /^The command \/no\/such\/command was not found in the image\.$/,
  },
  {
    name: 'a script whose interpreter is missing',
    input: { argv: [file('interpreter', '#!/no/such/interpreter\n')] },
    exitCode: 127,
    code: 'command_not_found',
    message: /exists, but the interpreter that its first line .* does not\.$/,
  },
  {
    name: 'a file without the executable bit',
    input: { argv: [file('plain', 'echo', 0o644)] },
    exitCode: 126,
    code: 'command_not_executable',
    message: /plain may not be executed: spawn .* EACCES$/,
  },
  {
    name: 'a mounted folder that is not the one the server prepared',
    input: { argv: ['true'], mounts: [{ path: directory, inode: '1' }], journal: { path: join(directory, 'journal') } },
    exitCode: 125,
    code: 'mount_changed',
    message:
      /^The folder mounted at .*launcher-start-\w+ is not the one that the server prepared: its inode is \d+ instead of 1\./,
  },
  {
    name: 'a missing working directory',
    input: { argv: ['true'], cwd: join(directory, 'absent') },
    exitCode: 125,
    code: 'cwd_missing',
    message: /absent does not exist\. Mount the volume that holds it, or set `createCwd`\.$/,
  },
  {
    name: 'a working directory that is a file',
    input: { argv: ['true'], cwd: file('not-a-directory', '') },
    exitCode: 125,
    code: 'cwd_unusable',
    message: /not-a-directory cannot be used: it is not a directory$/,
  },
  {
    name: 'a working directory that cannot be made',
    input: { argv: ['true'], cwd: '/proc/never/x', createCwd: true },
    exitCode: 125,
    code: 'cwd_missing',
    message: /\/proc\/never\/x/,
  },
  {
    name: 'an output directory that cannot be written',
    input: { argv: ['true'], outputDirectory: '/proc' },
    exitCode: 125,
    code: 'output_unwritable',
    message: /^No file can be made in \/proc: .* Set `outputDirectory` to a writable directory/,
  },
  {
    name: 'a file that cannot be written',
    input: { argv: ['true'], files: [{ path: '/proc/never/file', content: 'secret' }] },
    exitCode: 125,
    code: 'file_not_written',
    message: /^The file \/proc\/never\/file cannot be written: ENOENT/,
  },
  {
    name: 'no spec',
    input: {
      argv: [],
      packed: { AGENT_JOBS_LAUNCHER: packEnv({ version: 1, argv: ['x'] })['AGENT_JOBS_LAUNCHER'] ?? '' },
    },
    exitCode: 125,
    code: 'bad_spec',
    message: /^AGENT_JOBS_SPEC is not set\. Mount the Secret of the run with envFrom\.$/,
  },
  {
    name: 'a spec that is not JSON',
    input: { argv: [], packed: { ...packEnv({ version: 1, argv: ['x'] }), AGENT_JOBS_SPEC: '{secret' } },
    exitCode: 125,
    code: 'bad_spec',
    message: /^AGENT_JOBS_SPEC is not JSON \(7 characters\)\.$/,
  },
  {
    name: 'a spec of another version',
    input: { argv: [], packed: { ...packEnv({ version: 1, argv: ['x'] }), AGENT_JOBS_SPEC: '{"version":2}' } },
    exitCode: 125,
    code: 'bad_spec',
    message: /not a launch spec of version 1\. Pack it with packEnv\.$/,
  },
  {
    name: 'input that was cut',
    input: { argv: [], packed: { ...packEnv({ version: 1, argv: ['x'] }), AGENT_JOBS_STDIN_0: 'H4sIAAAA' } },
    exitCode: 125,
    code: 'input_unreadable',
    message: /^AGENT_JOBS_STDIN_\* cannot be unpacked: unexpected end of file$/,
  },
]

describe('a command that cannot be started', () => {
  for (const { name, input, exitCode, code, message } of cases) {
    it(`is distinguished from any other: ${name}`, async () => {
      const result = await runProgram(input)
      expect(result.records.map(({ type }) => type)).toEqual(['start', 'end'])
      expect(result.records[0]).toMatchObject({ type: 'start', pid: null })
      expect(result.end).toMatchObject({ frames: 1, exitCode: null, signal: null, startError: { code } })
      expect(result.end.startError?.message).toMatch(message)
      expect(result.exitCode).toBe(exitCode)
      expect(result.raw.toString()).not.toContain('secret')
      expect(result.errors).toBe('')
    })
  }
})

describe('a working directory of another user', () => {
  // Root may enter every folder unless it gives up that right, for which it takes root and util-linux.
  const setpriv = '/usr/bin/setpriv'
  const canGiveUp = process.getuid?.() === 0 && existsSync(setpriv)
  it.skipIf(!canGiveUp)('is named as the cause, not the command', async () => {
    const closed = join(directory, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    chownSync(closed, 4321, 4321)
    const node = [setpriv, '--bounding-set=-dac_override,-dac_read_search', programNode]
    const { end } = await runProgram({ argv: ['true'], cwd: closed, node })
    expect(end.startError).toMatchObject({ code: 'cwd_unusable' })
    expect(end.startError?.message).toMatch(/^User 0 may not enter the working directory .*closed\. Run the pod as/)
  })
})

describe('preparations before the start', () => {
  it('is the working directory, when asked for', async () => {
    const cwd = join(directory, 'deep', 'er')
    const { stdout } = await runProgram({ argv: ['pwd'], cwd, createCwd: true })
    expect(stdout.toString()).toBe(`${cwd}\n`)
  })

  it('is each file, with its bytes and its mode, also over one that is there', async () => {
    const path = join(directory, 'made', 'file')
    const bytes = Buffer.from([0, 255, 10, 13])
    await runProgram({ argv: ['true'], files: [{ path, content: 'older', mode: 0o600 }] })
    await runProgram({ argv: ['true'], files: [{ path, content: bytes, mode: 0o444 }] })
    expect(readFileSync(path)).toEqual(bytes)
    expect(statSync(path).mode & 0o777).toBe(0o444)
  })

  it('gives a file no rights for others unless asked', async () => {
    const path = join(directory, 'private')
    await runProgram({ argv: ['true'], files: [{ path, content: 'x' }] })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})
