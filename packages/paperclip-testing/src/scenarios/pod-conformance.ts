import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { cancelTests } from './cancel-tests.ts'
import { failureTests } from './failure-tests.ts'
import { issueTests } from './issue-tests.ts'
import { manyScenarios, manyTests } from './many-tests.ts'
import { packAdapter } from '../server/pack-adapter.ts'
import { paperclipBarrier } from '../server/paperclip-install.ts'
import type { PaperclipLab } from '../server/paperclip-lab.ts'
import { createSuite, isLong, suiteScenarios } from './paperclip-suite.ts'
import { openPodLab } from '../server/pod-lab.ts'
import { restartTests } from './restart-tests.ts'
import { seenTests } from './seen-tests.ts'

/**
 * Declares the tests of an adapter in a Paperclip that is deployed as its users deploy it: a pod, the shipped manifests,
 * only the rights of its own service account. The cases are those of `paperclipConformance`, one of each kind; all of
 * them with AGENT_JOBS_PAPERCLIP_LONG=1.
 */
export function podConformance(agent: ConformanceAgent, { root }: { root: string }): void {
  const { type } = agent.definition
  describe.skipIf(paperclipBarrier !== null)(
    `${type} in a Paperclip that is a pod (needs KUBECONFIG, and root on Linux)`,
    () => {
      let lab: PaperclipLab | undefined
      let tarball = ''
      beforeAll(async () => {
        tarball = await packAdapter(root)
        lab = await openPodLab({
          namespace: `paperclip-pod-${type.replaceAll('_', '-')}`,
          serverEnv: agent.serverEnv,
          scenarios: { ...suiteScenarios, ...manyScenarios },
          tarball,
        })
      })
      afterAll(() => lab?.close())

      const suite = createSuite(agent, root, () => ({ lab, tarball }), { brief: !isLong })

      it('passes its environment test with all permissions and nothing missing', async () => {
        const { board, settings } = suite.lab
        const { status, checks } = await board.must<{ status: string; checks: { code: string; level: string }[] }>(
          'POST',
          `/api/companies/${board.company}/adapters/${type}/test-environment`,
          { adapterConfig: { ...agent.config('http://127.0.0.1:9', null), ...settings } },
        )
        expect(checks.filter(({ level }) => level !== 'info')).toEqual([])
        expect(status).toBe('pass')
        expect(checks.map(({ code }) => code)).toEqual(
          expect.arrayContaining(['k8s_rbac', 'k8s_self_pod', 'k8s_pvc_rwx', 'k8s_namespace_exists']),
        )
      })
      issueTests(suite)
      seenTests(suite)
      cancelTests(suite)
      failureTests(suite)
      restartTests(suite)
      manyTests(suite)
    },
  )
}
