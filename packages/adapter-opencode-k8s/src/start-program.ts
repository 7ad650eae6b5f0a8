import { posix } from 'node:path'
import type { AgentFile } from '@agent-jobs/adapter-kit'
import { programText } from './program-text.generated.ts'

// A run before this one may still be on its way out; SQLite itself waits 5 s.
const lockWaitMs = 10_000

/** Puts the program before OpenCode's command line that chooses and watches over the database (`program/main.ts`). */
export function startInDatabase(input: { argv: string[]; folder: string; resume: boolean; runDirectory: string }): {
  argv: string[]
  file: AgentFile
} {
  const { argv, folder, resume, runDirectory } = input
  const path = posix.join(runDirectory, 'start-opencode.cjs')
  return {
    // SQLite is an experimental part of some versions of Node, which they say on stderr.
    argv: ['node', '--no-warnings', path, folder, resume ? 'resume' : 'fresh', String(lockWaitMs), ...argv],
    file: { path, content: programText },
  }
}
