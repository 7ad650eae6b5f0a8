import { toTranscript } from '@agent-jobs/claude-stream-parser'
import { readReadableLine, type ShownEntry } from '@agent-jobs/agent-run/readable-log'

/** What Paperclip's UI calls for each line of a run's log. Pure: it caches the answer by line and time. */
export function parseStdoutLine(line: string, ts: string): readonly ShownEntry[] {
  // Lines of the adapter itself are about the run, not from the agent.
  if (line.startsWith('[paperclip] ')) return [{ kind: 'system', ts, text: line.slice('[paperclip] '.length) }]
  const readable = readReadableLine(line, ts)
  return readable === null ? toTranscript(line, ts) : [readable]
}
