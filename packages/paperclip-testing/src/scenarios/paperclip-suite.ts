import type { Scenario } from '@agent-jobs/scripted-model'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { cancelScenarios } from './cancel-tests.ts'
import { failingHostScenarios } from './failing-host-tests.ts'
import { failureScenarios } from './failure-tests.ts'
import { gitScenarios } from './git-tests.ts'
import { installScenarios } from './install-tests.ts'
import { closeIssue } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'
import type { PaperclipLab } from '../server/paperclip-lab.ts'
import { preemptionScenarios } from './preemption-tests.ts'
import { queueScenarios } from './queue-tests.ts'
import { restartScenarios } from './restart-tests.ts'
import { seenScenarios } from './seen-tests.ts'

/** The scenarios of the cases in every suite. */
export const suiteScenarios: Readonly<Record<string, Scenario>> = {
  'close-issue': closeIssue,
  ...cancelScenarios,
  ...failureScenarios,
  ...failingHostScenarios,
  ...gitScenarios,
  ...preemptionScenarios,
  ...queueScenarios,
  ...installScenarios,
  ...restartScenarios,
  ...seenScenarios,
}

/** AGENT_JOBS_PAPERCLIP_LONG=1 adds the cases that take minutes. */
export const isLong = process.env['AGENT_JOBS_PAPERCLIP_LONG'] === '1'

/** The suite of a lab and a tarball that exist only once the tests have started. */
export function createSuite(
  agent: ConformanceAgent,
  root: string,
  opened: () => { lab: PaperclipLab | undefined; tarball: string },
  { brief }: { brief: boolean },
): PaperclipSuite {
  const lab = (): PaperclipLab => {
    const found = opened().lab
    if (found === undefined) throw new Error('The server did not start.')
    return found
  }
  return {
    agent,
    root,
    get lab() {
      return lab()
    },
    get tarball() {
      return opened().tarball
    },
    hire(name, scenario, extra = {}, board = lab().board) {
      const own = agent.config(lab().scenarioUrl(scenario), '/paperclip/bin/bash')
      const env = { ...(own['env'] as object), ...(extra['env'] as object | undefined) }
      return board.hire(name, agent.definition.type, { ...own, ...lab().settings, ...extra, env })
    },
    long: isLong,
    brief,
  }
}
