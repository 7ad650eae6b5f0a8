import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { currentDatabase, setAside } from './database-files.ts'
import { verdictLine, type DatabaseVerdict } from './database-verdict.ts'
import { holdFolder } from './hold-folder.ts'
import { inspectDatabase } from './inspect-database.ts'
import { judgeWords } from './judge-words.ts'
import { programFile, textsInFile } from './program-knows.ts'
import { loadSqlite } from './sqlite.ts'

/** What to start, and on which database. */
export interface StartOrder {
  /** Folder of the task's databases. */
  folder: string
  /** True to continue a session of the current database: without that database there is nothing to continue. */
  resume: boolean
  lockWaitMs: number
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
}

/** How it ended. */
export type Ending = { code: number } | { signal: NodeJS.Signals }

// EX_TEMPFAIL and EX_DATAERR of sysexits.h, for people who inspect the container; the adapter reads stderr.
const lockedCode = 75
const unusableCode = 65
const notFoundCode = 127
const tailChars = 64 * 1024

const leftAside: ReadonlySet<string> = new Set(['session_db_damaged', 'session_db_newer'])
const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

function describe(file: string, { code, detail }: DatabaseVerdict): DatabaseVerdict {
  const kept = leftAside.has(code) ? 'It is left as it is, and the next run of the task starts a new one.' : ''
  return { code, detail: `${file}: ${detail}. ${kept}`.trim() }
}

/** Chooses the task's database, checks that it is intact and not in use, and runs OpenCode on it. */
export async function startOpencode(order: StartOrder, say: (line: string) => void): Promise<Ending> {
  const { folder, resume, lockWaitMs, argv, env } = order
  const sqlite = await loadSqlite()
  const [command = ''] = argv
  const program = programFile(command, env['PATH'] ?? '')
  if (program === null) {
    say(`agent-jobs: program "${command}" not found on the PATH of the image.`)
    return { code: notFoundCode }
  }
  mkdirSync(folder, { recursive: true })
  const hold = holdFolder(folder, { sqlite, lockWaitMs })
  if (!hold.ok) {
    say(verdictLine(hold.verdict))
    return { code: lockedCode }
  }
  try {
    const inspection = { sqlite, lockWaitMs, knows: (ids: readonly string[]) => textsInFile(program, ids) }
    let file = currentDatabase(folder)
    let verdict = inspectDatabase(file, inspection)
    while (verdict !== null) {
      const told = describe(file, verdict)
      if (leftAside.has(verdict.code)) setAside(file, verdict)
      if (resume || !leftAside.has(verdict.code)) {
        say(verdictLine(told))
        return { code: verdict.code === 'session_db_locked' ? lockedCode : unusableCode }
      }
      say(`agent-jobs: ${told.detail} This run takes the next.`)
      file = currentDatabase(folder)
      verdict = inspectDatabase(file, inspection)
    }
    const { ending, tail } = await runChild(argv, { ...env, OPENCODE_DB: file })
    const found = 'code' in ending && ending.code !== 0 ? judgeWords(tail) : null
    if (found !== null) {
      // When a write fails, OpenCode names the query but not the reason: check the lock once more.
      const seen = found.code === 'session_db_unusable' ? inspectDatabase(file, { ...inspection, lockWaitMs: 0 }) : null
      const last = seen ?? found
      if (leftAside.has(last.code)) setAside(file, last)
      say(verdictLine(describe(file, last)))
    }
    return ending
  } finally {
    hold.release()
  }
}

async function runChild(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ ending: Ending; tail: string }> {
  const [command = '', ...rest] = argv
  // The launcher signals the whole group: OpenCode gets the signal itself, and this process must outlive it.
  const ignore = () => undefined
  for (const signal of passedOn) process.on(signal, ignore)
  // stdout goes straight to the launcher's file; stderr is read on its way.
  const child = spawn(command, rest, { env: { ...env }, stdio: ['inherit', 'inherit', 'pipe'] })
  let tail = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text)
    tail = (tail + text).slice(-tailChars)
  })
  try {
    const ending = await new Promise<Ending>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(signal === null ? { code: code ?? 1 } : { signal }))
    })
    return { ending, tail }
  } finally {
    for (const signal of passedOn) process.off(signal, ignore)
  }
}

/** Ends this process as the child ended. */
export function endAs(ending: Ending): void {
  if ('code' in ending) {
    process.exitCode = ending.code
    return
  }
  process.kill(process.pid, ending.signal)
  // The signal cannot end this process when it is PID 1 of the container.
  process.exitCode = 128 + constants.signals[ending.signal]
}
