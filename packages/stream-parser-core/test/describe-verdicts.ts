import { describe, expect, it } from 'vitest'
import type { AgentErrorCode } from '../src/agent-error-code.ts'
import type { Recording } from './read-recordings.ts'

interface Summary {
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly isError: boolean
  readonly evidence: readonly unknown[]
}

/** What {@link describeVerdicts} needs of one package. */
export interface VerdictOptions {
  readonly recordings: readonly Recording[]
  readonly parse: (recording: Recording, end: Partial<Recording['end']>) => Summary
  /** The verdict on every recording that is not a plain success. */
  readonly failures: Readonly<Record<string, AgentErrorCode>>
  /** What the stream alone says where the end of the process or stderr makes a difference. */
  readonly alone: Readonly<Record<string, AgentErrorCode>>
  /** The recordings whose exit code says something else than the verdict. */
  readonly odd: readonly string[]
}

/** Tests that each recording is judged as it should be, with the end of its process and without. */
export function describeVerdicts({ recordings, parse, failures, alone, odd }: VerdictOptions): void {
  describe('every recording of the real command line', () => {
    it.each(recordings)('$name: the verdict fits how the run ended', (recording) => {
      const summary = parse(recording, recording.end)
      expect(summary.errorCode).toBe(failures[recording.name] ?? null)
      expect(summary.isError).toBe(summary.errorCode !== null)
      expect(summary.errorMessage === null).toBe(summary.errorCode === null)
      expect(summary.evidence.length).toBeGreaterThan(0)
      expect(summary.errorCode === null).toBe(recording.meta.exit_code === 0 && !odd.includes(recording.name))
    })

    it.each(recordings)('$name: the stream alone gives the same verdict, or the one that it can know', (recording) => {
      expect(parse(recording, {}).errorCode).toBe(alone[recording.name] ?? failures[recording.name] ?? null)
    })
  })
}
