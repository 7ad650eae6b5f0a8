import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that start real agents or clusters: short to read, long to run. */
const slow =
  /(?:conformance|recordings|faults|killed-server|execute|demo-command|opencode|kubectl|load|limits|main|reload|artefact|\.cli)\.test\.ts$/

/**
 * Begins with the files that take long, so that none of them is left for the end, when the other workers have nothing to
 * do any more. vitest knows how long a file takes only where it ran before, and otherwise begins with the largest.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(slow.test(b.moduleId)) - Number(slow.test(a.moduleId)))
  }
}
