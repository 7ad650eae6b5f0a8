import { posix } from 'node:path'
import type { AgentFile } from '@agent-jobs/adapter-kit'
import { programText } from './program-text.generated.ts'

// An earlier run may still be ending; SQLite itself waits 5 s.
const lockWaitMs = 10_000

/** Puts the program before OpenCode's command line that chooses and watches over the database (`program/main.ts`). */
export function startInDatabase(input: { argv: string[]; folder: string; resume: boolean; runDirectory: string }): {
  argv: string[]
  file: AgentFile
} {
  const { argv, folder, resume, runDirectory } = input
  const path = posix.join(runDirectory, 'start-opencode.cjs')
  return {
    // SQLite is experimental in some versions of Node, which print a warning on stderr.
    argv: ['node', '--no-warnings', path, folder, resume ? 'resume' : 'fresh', String(lockWaitMs), ...argv],
    file: { path, content: programText },
  }
}
