import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { cancelScenarios, cancelTests } from './cancel-tests.ts'
import { failureTests, failureScenarios } from './failure-tests.ts'
import { installTests } from './install-tests.ts'
import { issueTests } from './issue-tests.ts'
import { closeIssue } from './lab-scenarios.ts'
import { noPackageTests } from './no-package-tests.ts'
import { packAdapter } from './pack-adapter.ts'
import type { Board } from './paperclip-board.ts'
import { paperclipScripts } from './paperclip-install.ts'
import { openPaperclipLab, type PaperclipLab } from './paperclip-lab.ts'
import { restartScenarios, restartTests } from './restart-tests.ts'

/** What the tests of one adapter in a real Paperclip share. */
export interface PaperclipSuite {
  agent: ConformanceAgent
  /** The package's folder. */
  root: string
  readonly lab: PaperclipLab
  /** The packed adapter, which is installed. */
  readonly tarball: string
  /** Hires an agent of this adapter that meets a scenario. */
  hire(name: string, scenario: string, extra?: Record<string, unknown>, board?: Board): Promise<string>
  /** With the cases that take minutes. */
  long: boolean
  /** One case of each kind, for a server that another suite's cases were shown on. */
  brief: boolean
}

/**
 * Declares what holds for an adapter in a real Paperclip whose agents run on a real cluster. `quick` is for an adapter
 * whose kit another one has proved; AGENT_JOBS_PAPERCLIP_LONG=1 adds the cases that take minutes.
 */
export function paperclipConformance(
  agent: ConformanceAgent,
  { root, quick = false }: { root: string; quick?: boolean },
): void {
  const { type } = agent.definition
  const isReady = process.env['KUBECONFIG'] !== undefined && paperclipScripts !== null
  describe.skipIf(!isReady)(`${type} in the real Paperclip (needs KUBECONFIG and ../shared/paperclip)`, () => {
    let lab: PaperclipLab | undefined
    let tarball = ''
    const opened = (): PaperclipLab => {
      if (lab === undefined) throw new Error('The server did not start.')
      return lab
    }
    beforeAll(async () => {
      lab = await openPaperclipLab({
        namespace: `paperclip-${type.replaceAll('_', '-')}`,
        serverEnv: agent.serverEnv,
        scenarios: {
          'close-issue': closeIssue,
          ...cancelScenarios,
          ...failureScenarios,
          ...restartScenarios,
        },
      })
      tarball = await packAdapter(root)
      await lab.board.must('POST', '/api/adapters/install', {
        packageName: `@agent-jobs/adapter-${type.replaceAll('_', '-')}`,
        version: `file:${tarball}`,
      })
    })
    afterAll(async () => {
      await lab?.close()
      if (tarball !== '') rmSync(dirname(tarball), { recursive: true })
    })

    const suite: PaperclipSuite = {
      agent,
      root,
      get lab() {
        return opened()
      },
      get tarball() {
        return tarball
      },
      hire(name, scenario, extra = {}, board = opened().board) {
        const own = agent.config(opened().scenarioUrl(scenario), '/paperclip/bin/bash')
        const env = { ...(own['env'] as object), ...(extra['env'] as object | undefined) }
        return board.hire(name, type, { ...own, ...opened().settings, ...extra, env })
      },
      long: process.env['AGENT_JOBS_PAPERCLIP_LONG'] === '1',
      brief: false,
    }
    installTests(suite)
    issueTests(suite)
    if (quick) return
    cancelTests(suite)
    failureTests(suite)
    restartTests(suite)
    noPackageTests(suite)
  })
}
