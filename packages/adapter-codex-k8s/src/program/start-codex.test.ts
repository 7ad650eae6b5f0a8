import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readReport, type RunReport } from './run-report.ts'
import { startCodex, type StartOrder } from './start-codex.ts'

const thread = '01a228d8-f2e1-7872-a036-e1fbb3403739'
const other = '01a228d9-f2e1-7872-a036-e1fbb3403739'

let root: string
let said: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'start-codex-'))
  said = []
  writeFileSync(join(root, 'template.toml'), 'x = "${VALUE}"\n')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const tokens = (input: number, output: number) => ({ input_tokens: input, output_tokens: output })
const tokenLine = (input: number, output: number, limits: unknown = null): string =>
  JSON.stringify({
    type: 'event_msg',
    payload: {
      type: 'token_count',
      info: { total_token_usage: tokens(input, output), last_token_usage: tokens(input, output) },
      rate_limits: limits,
    },
  })
const metaLine = (source: unknown = 'exec'): string => JSON.stringify({ type: 'session_meta', payload: { source } })
const turnLine = (model: string): string => JSON.stringify({ type: 'turn_context', payload: { model } })

function rollout(id: string, lines: readonly string[]): string {
  const folder = join(root, 'sessions/2026/11/29')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `rollout-2026-11-29T19-47-16-${id}.jsonl`)
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return file
}

/** A program in Codex's place. */
function fakeCodex(script: string): string {
  const file = join(root, `codex-${script.length}`)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

function order(more: Partial<StartOrder> = {}, home: Partial<StartOrder['home']> = {}): StartOrder {
  return {
    home: {
      home: join(root, 'home'),
      sessions: join(root, 'sessions'),
      configTemplate: join(root, 'template.toml'),
      skills: null,
      instructions: null,
      login: join(root, 'state/auth.json'),
      loginSeed: null,
      ...home,
    },
    resume: null,
    ownModel: false,
    checkLogin: true,
    argv: [fakeCodex('exit 0'), 'exec'],
    ...more,
  }
}

async function start(what: StartOrder, env: Record<string, string> = { CODEX_API_KEY: 'k' }) {
  const ending = await startCodex(what, {
    env: { PATH: process.env['PATH'] ?? '', ROOT: root, ...env },
    now: () => 1000,
    timeZone: 'UTC',
    say: (line) => said.push(line),
    stopMs: 5_000,
  })
  return { ending, report: readReport(said.join('\n')) as RunReport }
}

describe('the home of Codex', () => {
  it('has configuration, sessions, skills, instructions and login where Codex looks for them', async () => {
    mkdirSync(join(root, 'skills/greet'), { recursive: true })
    writeFileSync(join(root, 'AGENTS.source.md'), 'be kind')
    writeFileSync(join(root, 'seed.json'), '{"OPENAI_API_KEY":"k"}')
    const home = {
      skills: join(root, 'skills'),
      instructions: join(root, 'AGENTS.source.md'),
      loginSeed: join(root, 'seed.json'),
    }
    await start(order({}, home), { VALUE: 'a"b' })
    expect(readFileSync(join(root, 'home/config.toml'), 'utf8')).toBe('x = "a\\"b"\n')
    expect(statSync(join(root, 'home/config.toml')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(root, 'home/AGENTS.md'), 'utf8')).toBe('be kind')
    expect(readlinkSync(join(root, 'home/sessions'))).toBe(join(root, 'sessions'))
    expect(existsSync(join(root, 'home/skills/greet'))).toBe(true)
    expect(statSync(join(root, 'state/auth.json')).mode & 0o777).toBe(0o600)
    expect(readlinkSync(join(root, 'home/auth.json'))).toBe(join(root, 'state/auth.json'))
  })

  it('keeps a login that Codex has refreshed until the settings change', async () => {
    writeFileSync(join(root, 'seed.json'), '{"tokens":{"refresh_token":"1"}}')
    const home = { loginSeed: join(root, 'seed.json') }
    await start(order({}, home), {})
    writeFileSync(join(root, 'home/auth.json'), '{"tokens":{"refresh_token":"2"}}')
    await start(order({}, home), {})
    expect(readFileSync(join(root, 'state/auth.json'), 'utf8')).toContain('"2"')
    writeFileSync(join(root, 'seed.json'), '{"tokens":{"refresh_token":"3"}}')
    await start(order({}, home), {})
    expect(readFileSync(join(root, 'state/auth.json'), 'utf8')).toContain('"3"')
  })

  it('names unset variables in the configuration', async () => {
    await start(order())
    expect(said.join('\n')).toContain('not set, so left as they are in the configuration: VALUE')
  })
})

describe('what is checked before the start', () => {
  const never = { argv: ['/bin/sh', '-c', 'touch "$ROOT/started"'] }

  it.each<[string, Partial<StartOrder>, Record<string, string>, string]>([
    ['no credentials', {}, {}, 'codex_login_missing'],
    ['empty credentials', {}, { CODEX_API_KEY: '', OPENAI_API_KEY: '' }, 'codex_login_missing'],
    ['a thread without a rollout', { resume: thread }, { CODEX_API_KEY: 'k' }, 'session_unavailable'],
  ])('refuses %s', async (_what, more, env, code) => {
    const { ending, report } = await start(order({ ...never, ...more }), env)
    expect(report.problem?.code).toBe(code)
    expect(ending).not.toEqual({ code: 0 })
    expect(existsSync(join(root, 'started'))).toBe(false)
    expect(said[said.length - 2]).toMatch(/^Error: /)
  })

  it('refuses a login that is not JSON, and leaves it', async () => {
    mkdirSync(join(root, 'state'))
    writeFileSync(join(root, 'state/auth.json'), '{"tokens":')
    expect((await start(order(never), {})).report.problem?.code).toBe('codex_login_unreadable')
    expect(readFileSync(join(root, 'state/auth.json'), 'utf8')).toBe('{"tokens":')
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x0a])],
  ])('refuses a rollout that is %s', async (_what, content) => {
    writeFileSync(rollout(thread, []), content)
    expect((await start(order({ ...never, resume: thread }))).report.problem?.code).toBe('session_unavailable')
  })

  it('starts on a rollout whose last line is cut, and on one with a broken line', async () => {
    const file = rollout(thread, [metaLine(), '{broken', tokenLine(10, 1)])
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"type":"event_msg","payl`)
    const { report } = await start(order({ resume: thread }))
    expect(report).toMatchObject({ problem: null, before: { input_tokens: 10, output_tokens: 1 } })
  })

  it('requires no login when the settings choose a provider', async () => {
    expect((await start(order({ checkLogin: false }), {})).report.problem).toBeNull()
  })
})

describe('the command line', () => {
  const echo = {
    argv: ['/bin/sh', '-c', 'printf "%s\\n" "$@" > "$ROOT/argv"; printf %s "$CODEX_API_KEY" > "$ROOT/key"', 'codex'],
  }
  const argv = () => readFileSync(join(root, 'argv'), 'utf8').trimEnd().split('\n').join(' ')

  it('ends with the dash for a prompt on stdin, and passes the key by the name that Codex reads', async () => {
    await start(order(echo), { OPENAI_API_KEY: 'mine' })
    expect(argv()).toBe('-')
    expect(readFileSync(join(root, 'key'), 'utf8')).toBe('mine')
  })

  it('resumes with the model of the thread, unless the settings choose one', async () => {
    rollout(thread, [metaLine(), turnLine('gpt-5.4'), turnLine('gpt-5.5'), tokenLine(10, 1)])
    await start(order({ ...echo, resume: thread }))
    expect(argv()).toBe(`-m gpt-5.5 resume ${thread} -`)
    await start(order({ ...echo, resume: thread, ownModel: true }))
    expect(argv()).toBe(`resume ${thread} -`)
  })

  it('defines a separate provider for another address', async () => {
    await start(order(echo), { OPENAI_BASE_URL: 'http://gw/v1', CODEX_API_KEY: 'k' })
    expect(argv()).toContain('-c model_providers.agent-jobs.base_url="http://gw/v1"')
    expect(argv()).toContain('-c model_providers.agent-jobs.env_key="CODEX_API_KEY"')
  })
})

describe('the report', () => {
  it('has totals before and after, the model, the largest request and the limit that is used up', async () => {
    const file = rollout(thread, [metaLine(), turnLine('gpt-5.5'), tokenLine(200, 10)])
    const limits = {
      primary: { used_percent: 100, resets_at: 2_000 },
      secondary: { used_percent: 40, resets_at: 9_000 },
    }
    writeFileSync(join(root, 'more'), `${tokenLine(320, 16, limits)}\n`)
    const run = order({ resume: thread, argv: ['/bin/sh', '-c', `cat "$ROOT/more" >> '${file}'; exit 1`] })
    const { ending, report } = await start(run)
    expect(ending).toEqual({ code: 1 })
    expect(report).toMatchObject({
      resumed: thread,
      before: { input_tokens: 200, output_tokens: 10 },
      after: { input_tokens: 320, output_tokens: 16 },
      model: 'gpt-5.5',
      largestRequest: 336,
      limitResetsAt: 2_000_000,
    })
  })

  it('of a new thread takes its rollout, not that of a sub-agent', async () => {
    const lines = (id: string, source: unknown) =>
      rollout(id, [metaLine(source), turnLine('gpt-5.5'), tokenLine(50, 5)])
    const main = lines(other, 'exec')
    const sub = lines(thread, { subagent: {} })
    for (const file of [main, sub]) writeFileSync(join(root, file === main ? 'main' : 'sub'), readFileSync(file))
    rmSync(join(root, 'sessions'), { recursive: true })
    mkdirSync(join(root, 'sessions'))
    const copy = `cp "$ROOT/main" "$ROOT/sessions/rollout-x-${other}.jsonl"; sed s/50/70/ "$ROOT/sub" > "$ROOT/sessions/rollout-x-${thread}.jsonl"`
    const { report } = await start(order({ argv: ['/bin/sh', '-c', copy] }))
    expect(report).toMatchObject({ before: null, after: { input_tokens: 50 } })
  })

  it('reports a missing program', async () => {
    const { ending } = await start(order({ argv: ['no-such-agent'] }))
    expect(ending).toEqual({ code: 127 })
    expect(said.join('\n')).toContain('Error: Program "no-such-agent" not found on the PATH')
  })
})

describe('a stopped run', () => {
  it('lets Codex stop its command by SIGINT', async () => {
    const ready = join(root, 'ready')
    const script = `trap 'echo interrupted > "$ROOT/how"; exit 1' INT; : > "${ready}"; while :; do sleep 0.05; done`
    const watcher = watch(root, (_event, name) => {
      if (name === 'ready') process.emit('SIGTERM', 'SIGTERM')
    })
    const running = start(order({ argv: [fakeCodex(script)] }))
    expect((await running).ending).toEqual({ code: 1 })
    watcher.close()
    expect(readFileSync(join(root, 'how'), 'utf8')).toBe('interrupted\n')
  })
})
