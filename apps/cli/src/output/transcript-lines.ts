import { StringDecoder } from 'node:string_decoder'
import type { Agent } from '@agent-jobs/agent-run'
import { hideCredentialForms } from '@agent-jobs/primitives'
import type { Style } from './style.ts'
import { printTranscript } from './transcript-printer.ts'

// A line of an agent's output is one event; a longer one is a broken file.
const longestLine = 8 * 1024 * 1024

/** Turns the bytes of an agent's recorded output into the lines of its transcript. */
export interface TranscriptLines {
  push(chunk: Uint8Array): string[]
  end(): string[]
}

/** Reads line by line. The run is over and its variables are unknown, so well-known forms of keys are hidden. */
export function transcriptLines(agent: Pick<Agent, 'transcript'>, style: Style): TranscriptLines {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const show = (line: string): string[] =>
    agent
      .transcript(hideCredentialForms(line), new Date(0).toISOString())
      .flatMap((entry) => printTranscript(entry, style))
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > longestLine) rest = ''
      return lines.flatMap(show)
    },
    end: () => (rest === '' ? [] : show(rest)),
  }
}
