import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { cancelTests } from './cancel-tests.ts'
import { failingHostTests } from './failing-host-tests.ts'
import { failureTests } from './failure-tests.ts'
import { gitTests } from './git-tests.ts'
import { installTests } from './install-tests.ts'
import { issueTests } from './issue-tests.ts'
import { noPackageTests } from './no-package-tests.ts'
import { packAdapter } from '../server/pack-adapter.ts'
import { paperclipBarrier } from '../server/paperclip-install.ts'
import { openPaperclipLab, type PaperclipLab } from '../server/paperclip-lab.ts'
import { createSuite, isLong, suiteScenarios } from './paperclip-suite.ts'
import { preemptionTests } from './preemption-tests.ts'
import { queueTests } from './queue-tests.ts'
import { restartTests } from './restart-tests.ts'
import { seenTests } from './seen-tests.ts'

/**
 * Declares the tests of an adapter in a real Paperclip whose agents run on a real cluster. The flow of a run is the kit's,
 * so one adapter tests it in full: `brief` has one case of each kind in which agents differ, `quick` leaves out all but
 * installation and issues. AGENT_JOBS_PAPERCLIP_LONG=1 adds the cases that take minutes.
 */
export function paperclipConformance(
  agent: ConformanceAgent,
  { root, extent = 'full' }: { root: string; extent?: 'full' | 'brief' | 'quick' },
): void {
  const { type } = agent.definition
  describe.skipIf(paperclipBarrier !== null)(
    `${type} in the real Paperclip (needs KUBECONFIG, and root on Linux)`,
    () => {
      let lab: PaperclipLab | undefined
      let tarball = ''
      beforeAll(async () => {
        lab = await openPaperclipLab({
          namespace: `paperclip-${type.replaceAll('_', '-')}`,
          serverEnv: agent.serverEnv,
          image: agent.image,
          scenarios: suiteScenarios,
        })
        tarball = await packAdapter(root)
        await lab.board.installAdapter(type, tarball)
      })
      afterAll(async () => {
        await lab?.close()
        if (tarball !== '') rmSync(dirname(tarball), { recursive: true })
      })

      const suite = createSuite(agent, root, () => ({ lab, tarball }), { brief: extent === 'brief' && !isLong })
      installTests(suite)
      issueTests(suite)
      seenTests(suite)
      if (extent === 'quick') return
      cancelTests(suite)
      failureTests(suite)
      restartTests(suite)
      if (extent === 'brief') return
      gitTests(suite)
      preemptionTests(suite)
      queueTests(suite)
      failingHostTests(suite)
      noPackageTests(suite)
    },
  )
}
