import { relative } from 'node:path'

/** The parts of vitest's JSON report that are read. */
export interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  /** False when a test failed, or a file that has tests could not be loaded. */
  success: boolean
  testResults: {
    name: string
    assertionResults: { status: string; fullName: string; failureMessages?: string[] }[]
  }[]
}

/** The closing line of a suite: `N passed, N failed, N skipped`. Whatever else made vitest fail counts as one failure. */
export function sumOf(report: Report | undefined, exitCode: number | null): string {
  if (report === undefined) return '0 passed, 1 failed, 0 skipped'
  // A file that fails to load has no tests of its own to count, and an error outside a test belongs to none.
  const failed = Math.max(report.numFailedTests, report.success && exitCode === 0 ? 0 : 1)
  return `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`
}

/** One line for each test that passed only on a retry, with the earlier error. */
export function secondTries(report: Report, root: string): string[] {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ status, fullName, failureMessages: [before] = [] }) =>
      status === 'passed' && before !== undefined
        ? [`second try: ${relative(root, name)} > ${fullName}: ${before.split('\n', 1)[0]}`]
        : [],
    ),
  )
}
