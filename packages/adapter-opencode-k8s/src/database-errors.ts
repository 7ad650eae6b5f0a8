import type { OwnError } from '@agent-jobs/adapter-kit'
import type { AgentParser } from '@agent-jobs/agent-run'
import type { OpencodeSummary } from '@agent-jobs/opencode-stream-parser'
import { readVerdict, type DatabaseCode } from './program/database-verdict.ts'

/** What the codes of the session database mean. */
export const databaseErrors: Readonly<Record<DatabaseCode, OwnError>> = {
  session_db_damaged: {
    means:
      'The session database is damaged, or OpenCode did not write it. It stays where it is, with a note `….aside`; the session is cleared.',
    todo: 'Nothing to do: the next run starts a new session. To repair it, repair the file and remove the note.',
    clearsSession: true,
  },
  session_db_newer: {
    means:
      'A newer OpenCode wrote the session database. It stays where it is, with a note `….aside`; the session is cleared.',
    todo: 'Use one image for all runs of an agent. To have the session back, remove the note and run the newer image.',
    clearsSession: true,
  },
  session_db_locked: {
    means: 'Another process held the session database for 10 s. The session is kept.',
    todo: 'The run is retried; look for a pod of the agent that is still running.',
    mayPass: true,
  },
  session_db_unusable: {
    means: 'The session database cannot be opened or written: a full volume, missing rights. The session is kept.',
    todo: 'Read the message; it contains the error of SQLite.',
  },
}

/** A summary whose code may also be a session database error. */
export type OpencodeRunSummary = Omit<OpencodeSummary, 'errorCode'> & { errorCode: string | null }

/** Adds to OpenCode's parser what the program in the pod says of the database. */
export function withDatabaseErrors(parser: AgentParser<OpencodeSummary>): AgentParser<OpencodeRunSummary> {
  return {
    feed: (text) => parser.feed(text),
    line: (text) => parser.line(text),
    get finished() {
      return parser.finished
    },
    end(ending) {
      const summary = parser.end(ending)
      const verdict = readVerdict(ending?.stderr ?? '')
      // An answer stays valid, whatever happened to the database afterwards.
      if (verdict === null || (summary.answered && summary.errorCode === null)) return summary
      return { ...summary, isError: true, errorCode: verdict.code, errorMessage: verdict.detail }
    },
  }
}
