import type { FinishRule } from '@agent-jobs/stream-parser-core'

// Text in messages and in output has escaped quotes, but MCP tools may return any JSON inside an item line.
const unless = [['"type":"item.']]

/** For a launcher that may not parse: a process has one turn, and these lines end it. */
export const finishRule: Pick<FinishRule, 'workDone' | 'turnBegins'> = {
  workDone: [
    { includes: ['"type":"turn.completed"'], unless },
    { includes: ['"type":"turn.failed"'], unless },
  ],
  turnBegins: [{ includes: ['"type":"turn.started"'], unless }],
}
