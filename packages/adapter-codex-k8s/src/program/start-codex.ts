import { spawn } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { loginKind, makeHome, type HomePlan } from './codex-home.ts'
import { listRollouts, readRollout, rolloutProblem } from './rollout.ts'
import { reportLine, type RunReport, type StartCode } from './run-report.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What is to be started. */
export interface StartOrder {
  home: HomePlan
  /** The thread to continue. */
  resume: string | null
  /** False where the settings choose a model; a resumed thread then keeps its own. */
  ownModel: boolean
  /** False where another provider, with a key of its own, was configured. */
  checkLogin: boolean
  /** Codex's command line up to `resume` or the prompt. */
  argv: readonly string[]
}

/** How it ended. */
export type Ending = { code: number } | { signal: NodeJS.Signals }

/** The environment that the program needs. */
export interface Surroundings {
  env: Env
  now: () => number
  timeZone: string
  say: (line: string) => void
  /** Time between SIGINT and SIGKILL when the run is stopped. */
  stopMs: number
}

// EX_NOPERM and EX_DATAERR of sysexits.h, for people who inspect the container; the adapter reads the report.
const exitCodes: Readonly<Record<StartCode, number>> = {
  codex_login_missing: 77,
  codex_login_unreadable: 77,
  session_unavailable: 65,
}
const notFoundCode = 127
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/** Prepares Codex's home, checks what Codex does not, runs it, and reports what its rollout file shows about the run. */
export async function startCodex(order: StartOrder, surroundings: Surroundings): Promise<Ending> {
  const { env, now, timeZone, say } = surroundings
  const missing = makeHome(order.home, env)
  if (missing.length > 0) say(`agent-jobs: not set, so left as they are in the configuration: ${missing.join(', ')}`)
  const { sessions } = order.home
  const known = listRollouts(sessions)
  const file = order.resume === null ? undefined : known.get(order.resume.toLowerCase())
  const base: RunReport = {
    resumed: order.resume,
    before: null,
    after: null,
    model: null,
    largestRequest: null,
    limitResetsAt: null,
    endedAt: now(),
    timeZone,
    problem: findProblem(order, file, env),
  }
  if (base.problem !== null) {
    say(`Error: ${base.problem.detail}`)
    say(reportLine(base))
    return { code: exitCodes[base.problem.code] }
  }
  const earlier = file === undefined ? null : readRollout(file)
  const sinceBytes = file === undefined ? 0 : statSync(file).size
  const ending = await runCodex(
    commandLine(order, env, earlier?.model ?? null),
    childEnv(env, order.home.home),
    surroundings,
  )
  const path = file ?? newRollout(sessions, known)
  const facts = path === null ? null : readRollout(path, sinceBytes)
  say(
    reportLine({
      ...base,
      before: earlier?.total ?? null,
      after: facts?.total ?? null,
      model: facts?.model ?? null,
      largestRequest: facts?.largestRequest ?? null,
      limitResetsAt: facts?.limitResetsAt ?? null,
      endedAt: now(),
    }),
  )
  return ending
}

function findProblem(order: StartOrder, rollout: string | undefined, env: Env): RunReport['problem'] {
  if (order.resume !== null) {
    const reason = rollout === undefined ? 'its rollout file does not exist' : rolloutProblem(rollout)
    if (reason !== null) {
      return { code: 'session_unavailable', detail: `Thread ${order.resume} cannot be resumed: ${reason}.` }
    }
  }
  if (!order.checkLogin || keyOf(env) !== undefined) return null
  const { login } = order.home
  const kind = loginKind(login)
  if (kind === 'unreadable') {
    return { code: 'codex_login_unreadable', detail: `The login of Codex in ${login} is not valid JSON.` }
  }
  if (kind !== 'none') return null
  const detail = 'Codex has no credentials: neither CODEX_API_KEY nor OPENAI_API_KEY is set, and no login exists.'
  return { code: 'codex_login_missing', detail }
}

function keyOf(env: Env): string | undefined {
  return env['CODEX_API_KEY'] || env['OPENAI_API_KEY'] || undefined
}

/**
 * The built-in provider reads CODEX_API_KEY only; users know the other name. Codex gives commands no `apply_patch` while
 * its home is below the folder for temporary files, so that folder moves.
 */
function childEnv(env: Env, home: string): Env {
  const key = keyOf(env)
  const temporary = `${home}-tmp`
  mkdirSync(temporary, { recursive: true })
  return { TMPDIR: temporary, ...env, ...(key === undefined ? {} : { CODEX_API_KEY: key }) }
}

function commandLine(order: StartOrder, env: Env, threadModel: string | null): string[] {
  const url = order.checkLogin ? env['OPENAI_BASE_URL'] : undefined
  return [
    ...order.argv,
    ...(url ? gateway(url, keyOf(env) !== undefined) : []),
    // Without it a resumed thread takes the model of the configuration, and pays for a compaction first.
    ...(threadModel !== null && !order.ownModel ? ['-m', threadModel] : []),
    ...(order.resume === null ? [] : ['resume', order.resume]),
    '-',
  ]
}

/** An address other than OpenAI's needs its own provider: the built-in one tries WebSockets first, for 7 seconds. */
function gateway(url: string, hasKey: boolean): string[] {
  const provider = 'model_providers.agent-jobs'
  const settings: [string, string][] = [
    ['model_provider', '"agent-jobs"'],
    [`${provider}.name`, '"OpenAI-compatible"'],
    [`${provider}.base_url`, JSON.stringify(url)],
    [`${provider}.wire_api`, '"responses"'],
    hasKey ? [`${provider}.env_key`, '"CODEX_API_KEY"'] : [`${provider}.requires_openai_auth`, 'true'],
  ]
  return settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** The rollout of the thread that this run made: of the new ones the first; sub-agents have threads of their own. */
function newRollout(sessions: string, known: ReadonlyMap<string, string>): string | null {
  const made = [...listRollouts(sessions)].filter(([id]) => !known.has(id)).sort(([a], [b]) => (a < b ? -1 : 1))
  return made.map(([, path]) => path).find((path) => readRollout(path).isMain) ?? null
}

/**
 * Runs Codex in a process group of its own, so that a SIGTERM to ours does not reach it: it would die at once and leave
 * its command running. SIGINT makes it stop the command first (docs/agent-clis.md#codex-signals).
 */
async function runCodex(argv: readonly string[], env: Env, { say, stopMs }: Surroundings): Promise<Ending> {
  const [command = '', ...rest] = argv
  const child = spawn(command, rest, { env: { ...env }, stdio: 'inherit', detached: true })
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    child.kill('SIGINT')
    timer ??= setTimeout(() => void child.kill('SIGKILL'), stopMs)
  }
  for (const signal of stopSignals) process.on(signal, stop)
  try {
    return await new Promise<Ending>((resolve) => {
      child.once('error', (error) => {
        say(`Error: ${startProblem(command, error)}`)
        resolve({ code: notFoundCode })
      })
      child.once('close', (code, signal) => resolve(signal === null ? { code: code ?? 1 } : { signal }))
    })
  } finally {
    clearTimeout(timer)
    for (const signal of stopSignals) process.off(signal, stop)
  }
}

function startProblem(command: string, error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT'
    ? `Program "${command}" not found on the PATH of the image.`
    : `"${command}" cannot be started: ${error.message}`
}

/** Ends this process as Codex ended. */
export function endAs(ending: Ending): void {
  if ('code' in ending) {
    process.exitCode = ending.code
    return
  }
  process.kill(process.pid, ending.signal)
  // The signal cannot end this process when it is PID 1 of the container.
  process.exitCode = 128 + constants.signals[ending.signal]
}
