import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './run-cli.ts'
import { fakeTerminal } from './testing/fake-terminal.ts'

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

  it('judges with what it is told of the end', async () => {
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
    expect(await runCli(args, terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ isError: true, errorCode: 'start_failed' })
  })

  it('judges a killed run by its signal', async () => {
    const terminal = fakeTerminal({ stdin: [text.slice(0, 80)] })
    await runCli(['parse', 'claude', '-', '--signal', 'SIGKILL', '--json'], terminal)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ isError: true, errorCode: expect.any(String) })
  })

  it('fails with one sentence when the file is not there', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['parse', 'claude', join(folder, 'absent')], terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/^error: Cannot read .*absent: ENOENT.*\n$/)
  })

  it.each([
    ['an unknown agent', ['parse', 'gemini', '-']],
    ['no file', ['parse', 'claude']],
    ['a bad exit code', ['parse', 'claude', '-', '--exit-code', 'x']],
    ['an unknown option', ['parse', 'claude', '-', '--yaml']],
  ])('ends with 2 on %s', async (_what, args) => {
    const terminal = fakeTerminal()
    expect(await runCli(args, terminal)).toBe(2)
    expect(terminal.stderr()).toMatch(/error: .*/)
  })
})

// The parsers' own packages hold the recordings; here only that the command agrees with what is known of each.
describe.each(['claude', 'opencode'])('every recording of %s', (agent) => {
  const recordings = fileURLToPath(
    new URL(`../../../packages/${agent}-stream-parser/src/__fixtures__/${agent}/`, import.meta.url),
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
    expect(await runCli(args, terminal)).toBe(0)
    const summary: { isError: boolean; errorCode: string | null } = JSON.parse(terminal.stdout())
    expect(summary.isError || meta.exit_code === 0).toBe(true)
    expect(summary.errorCode === null).toBe(!summary.isError)
  })
})
