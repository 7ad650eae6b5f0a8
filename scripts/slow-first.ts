import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that start real agents or clusters: short to read, long to run. */
const slow =
  /(?:conformance|recordings|faults|killed-server|execute|demo-command|opencode|kubectl|load|limits|main|reload|artefact|\.cli)\.test\.ts$/

/**
 * Starts with the slow files, so that none of them is left for the end, when the other workers are idle.
 * vitest knows how long a file takes only after its first run, and otherwise starts with the largest.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(slow.test(b.moduleId)) - Number(slow.test(a.moduleId)))
  }
}
