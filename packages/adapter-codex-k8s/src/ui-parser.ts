import { toTranscript, type TranscriptEntry } from '@agent-jobs/codex-stream-parser'

/** What Paperclip's UI calls for each line of a run's log. Pure: it caches the answer by line and time. */
export function parseStdoutLine(line: string, ts: string): TranscriptEntry[] {
  // Lines of the adapter itself are about the run, not from the agent.
  if (line.startsWith('[paperclip] ')) return [{ kind: 'system', ts, text: line.slice('[paperclip] '.length) }]
  return toTranscript(line, ts)
}
