import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

let folder = ''
const stream = [
  { type: 'system', subtype: 'init', session_id: 's-1', model: 'opus', uuid: '1' },
  {
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: 'Four.',
    session_id: 's-1',
    num_turns: 1,
    duration_ms: 5,
    uuid: '2',
    total_cost_usd: 0.5,
    model_usage_since_last_result: { opus: { inputTokens: 10, outputTokens: 2, costUSD: 0.5 } },
  },
]
const text = stream.map((line) => `${JSON.stringify(line)}\n`).join('')
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-parse-'))
  await writeFile(join(folder, 'run.jsonl'), text)
  await writeFile(
    join(folder, 'stderr.txt'),
    'Error: Input must be provided either through stdin or as a prompt argument\n',
  )
  await writeFile(join(folder, 'empty.jsonl'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const keys =
  'sessionId model result usage costUsd numTurns durationMs isError errorCode errorMessage toolCalls subagents unknownEvents'

describe('agent-jobs parse', () => {
  it('prints exactly the promised keys as one JSON object', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'run.jsonl'), '--json'], terminal)).toBe(0)
    const summary: Record<string, unknown> = JSON.parse(terminal.stdout())
    expect(Object.keys(summary).join(' ')).toBe(keys)
    expect(summary).toMatchObject({ sessionId: 's-1', model: 'opus', result: 'Four.', isError: false, errorCode: null })
    expect(terminal.stderr()).toBe('')
  })

  it('reads standard input', async () => {
    const terminal = fakeTerminal({ stdin: [text.slice(0, 30), text.slice(30)] })
    expect(await runCli(['parse', 'claude', '-', '--json'], terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ sessionId: 's-1' })
  })

  it('is readable without --json', async () => {
    const terminal = fakeTerminal()
    await runCli(['parse', 'claude', join(folder, 'run.jsonl')], terminal)
    expect(terminal.stdout()).toContain(
      'Four.\n\n✔ succeeded\n  session   s-1\n  model     opus\n  tokens    in 10 · out 2 · cache read 0',
    )
    expect(terminal.stdout()).not.toContain('{')
  })

  it('judges with the ending that the flags give', async () => {
    const terminal = fakeTerminal()
    const args = [
      'parse',
      'claude',
      join(folder, 'empty.jsonl'),
      '--exit-code',
      '1',
      '--stderr',
      join(folder, 'stderr.txt'),
      '--json',
    ]
    expect(await runCli(args, terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ isError: true, errorCode: 'start_failed' })
  })

  it('judges a killed run by its signal', async () => {
    const terminal = fakeTerminal({ stdin: [text.slice(0, 80)] })
    await runCli(['parse', 'claude', '-', '--signal', 'SIGKILL', '--json'], terminal)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ isError: true, errorCode: expect.any(String) })
  })

  it.each(['SIGTERM', 'term', '15'])('takes %s for the signal', async (signal) => {
    const terminal = fakeTerminal({ stdin: [text.slice(0, 80)] })
    await runCli(['parse', 'claude', '-', '--signal', signal, '--json'], terminal)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ errorCode: 'interrupted' })
  })

  it('unpacks gzip', async () => {
    await writeFile(join(folder, 'run.jsonl.gz'), gzipSync(text))
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'run.jsonl.gz'), '--json'], terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ sessionId: 's-1', errorCode: null })
  })

  it.each([
    ['cut', (packed: Buffer) => packed.subarray(0, 40)],
    ['broken', (packed: Buffer) => Buffer.concat([packed.subarray(0, 20), Buffer.alloc(40, 7)])],
  ])('fails with one sentence on %s gzip', async (_what, damage) => {
    await writeFile(join(folder, 'damaged.gz'), damage(gzipSync(text)))
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'damaged.gz'), '--json'], terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/^error: Cannot read .*damaged\.gz: its gzip is broken or cut \(Z_\w+\)\.?\n$/)
  })

  it.each(['', '2026-11-21T09:00:00.123456789Z '])('reads the log of a pod, stamped with “%s”', async (stamp) => {
    const frame = (seq: number, of: string, payload: string, flag = '.'): string =>
      `${stamp}@aj1 ${seq} ${of} 1795252000000 ${Buffer.byteLength(payload)} ${payload}${flag}\n`
    const [init = ''] = text.split('\n')
    const framed = [
      frame(0, 'l', '{"type":"start","version":1,"pid":7,"startedAt":1795252000000}'),
      frame(1, 'o', init.slice(0, 20), '+'),
      frame(2, 'e', 'warning: something'),
      frame(3, 'o', init.slice(20)),
      `${stamp}what the kubelet says\n`,
      frame(4, 'l', '{"type":"end","frames":4,"exitCode":null,"signal":"SIGKILL","durationMs":5}'),
    ].join('')
    const terminal = fakeTerminal({ stdin: [framed.slice(0, 3), framed.slice(3)] })
    expect(await runCli(['parse', 'claude', '-', '--json'], terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ sessionId: 's-1', errorCode: 'interrupted' })
  })

  it('fails with one sentence on a folder', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', folder], terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/^error: Cannot read .*: it is a folder\.\n$/)
  })

  it.each(['# A README\n\nNot a recording.\n', '{"name":"a package"}\n{"type":"strange"}\n'])(
    'does not call %j a failed run: it is not a recording',
    async (content) => {
      const terminal = fakeTerminal({ stdin: [content] })
      expect(await runCli(['parse', 'claude', '-', '--json'], terminal)).toBe(1)
      expect(JSON.parse(terminal.stdout())).toMatchObject({ error: { code: 'not_a_recording' } })
      expect(terminal.stderr()).toContain('Standard input holds no output of Claude Code.')
    },
  )

  it('takes an empty file for a run that did not start', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'empty.jsonl'), '--json'], terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ sessionId: null, errorCode: 'start_failed' })
  })

  it('fails with one sentence when the file is not there', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'absent')], terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/^error: Cannot read .*absent: there is no such file\.\n$/)
  })

  it.each([
    ['an unknown agent', ['parse', 'gemini', '-']],
    ['no file', ['parse', 'claude']],
    ['a bad exit code', ['parse', 'claude', '-', '--exit-code', 'x']],
    ['a bad signal', ['parse', 'claude', '-', '--signal', 'SIGNOTHING']],
    ['an unknown option', ['parse', 'claude', '-', '--yaml']],
  ])('ends with 2 on %s', async (_what, args) => {
    const terminal = fakeTerminal()
    expect(await runCli(args, terminal)).toBe(2)
    expect(terminal.stderr()).toMatch(/error: .*/)
  })
})

// The parsers' own packages hold the recordings; here only that the command agrees with what is known of each.
describe.each(['claude', 'codex', 'opencode'])('every recording of %s', (agent) => {
  const recordings = fileURLToPath(
    new URL(`../../../../packages/${agent}-stream-parser/src/__fixtures__/${agent}/`, import.meta.url),
  )
  const cases = readdirSync(recordings, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  it.each(cases.map((entry) => entry.name))('%s agrees with its meta.json', async (name) => {
    const at = (file: string): string => join(recordings, name, file)
    const meta: { exit_code: number | null; exit_signal: string | null } = JSON.parse(
      readFileSync(at('meta.json'), 'utf8'),
    )
    const terminal = fakeTerminal()
    const ending =
      meta.exit_code === null ? ['--signal', String(meta.exit_signal)] : ['--exit-code', String(meta.exit_code)]
    const args = ['parse', agent, at('stdout.jsonl'), ...ending, '--stderr', at('stderr.txt'), '--json']
    const code = await runCli(args, terminal)
    const summary: { isError: boolean; errorCode: string | null } = JSON.parse(terminal.stdout())
    expect(code).toBe(summary.isError ? 1 : 0)
    expect(summary.isError || meta.exit_code === 0).toBe(true)
    expect(summary.errorCode === null).toBe(!summary.isError)
  })
})
