import type { ConformanceAgent } from '../conformance-agent.ts'
import type { Board } from '../server/paperclip-board.ts'
import type { PaperclipLab } from '../server/paperclip-lab.ts'

/** What the tests of one adapter in a real Paperclip share. */
export interface PaperclipSuite {
  agent: ConformanceAgent
  /** The package's folder. */
  root: string
  readonly lab: PaperclipLab
  /** The packed adapter, which is installed. */
  readonly tarball: string
  /** Hires an agent of this adapter that runs a scenario. */
  hire(name: string, scenario: string, extra?: Record<string, unknown>, board?: Board): Promise<string>
  /** Include the cases that take minutes. */
  long: boolean
  /** One case of each kind, for a server that another suite tests in full. */
  brief: boolean
}
