import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { PersistentVolume } from '../real-cluster.ts'
import { helmRelease } from '../server/helm-release.ts'
import { packAdapter } from '../server/pack-adapter.ts'
import { paperclipBarrier } from '../server/paperclip-install.ts'
import { away } from '../server/paperclip-lab.ts'
import { openPodLab, type PodLab } from '../server/pod-lab.ts'
import { absence } from '../server/remove-namespace.ts'
import { closeAtGate, closeIssue } from './lab-scenarios.ts'
import { createSuite } from './paperclip-suite.ts'
import { expectTakenBack, runAtWork } from './restart-tests.ts'

const helm = process.env['HELM']
const gates = ['upgrade', 'uninstall'] as const

/** Names of what a namespace contains, besides what Kubernetes itself puts into every namespace. */
async function contents(client: KubeClient, namespace: string): Promise<string[]> {
  const listed = [
    kinds.PersistentVolumeClaim,
    kinds.Secret,
    kinds.ConfigMap,
    kinds.ServiceAccount,
    kinds.Pod,
    kinds.Job,
  ]
  const found = await Promise.all(
    listed.map(async (kind) => {
      const { items } = await client.list(kind, { namespace })
      return items.map(({ metadata }) => `${kind.kind} ${metadata?.name}`)
    }),
  )
  const usual = new Set(['ConfigMap kube-root-ca.crt', 'ServiceAccount default'])
  return found.flat().filter((each) => !usual.has(each))
}

/**
 * Declares the tests of the shipped chart with the real Helm and the real Paperclip, in two namespaces: the server and its
 * agents.
 */
export function helmConformance(agent: ConformanceAgent, { root }: { root: string }): void {
  const isReady = helm !== undefined && paperclipBarrier === null
  describe.skipIf(!isReady)('the chart (needs KUBECONFIG, root and HELM)', () => {
    const namespace = 'paperclip-helm'
    const agentNamespace = `${namespace}-agents`
    const release = helmRelease({ helm: helm ?? '', namespace })
    let lab: PodLab | undefined
    let tarball = ''
    const suite = createSuite(agent, root, () => ({ lab, tarball }), { brief: true })

    beforeAll(async () => {
      tarball = await packAdapter(root)
      lab = await openPodLab({
        namespace,
        agentNamespace,
        serverEnv: agent.serverEnv,
        scenarios: {
          'close-issue': closeIssue,
          ...Object.fromEntries(gates.map((gate) => [gate, closeAtGate(gate)])),
        },
        tarball,
        install: release.install,
      })
    })
    afterAll(() => lab?.close())

    const opened = (): PodLab => {
      if (lab === undefined) throw new Error('The server did not start.')
      return lab
    }

    const annotations = async (client: KubeClient) =>
      (await client.get(kinds.Pod, { namespace, name: 'paperclip-0' })).metadata?.annotations ?? {}

    /** Hires agents and waits until each is at work, with its gate shut. */
    function atWork(gate: (typeof gates)[number], count: number) {
      const { board } = opened()
      return Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const hired = await suite.hire(`Kim ${gate} ${index}`, gate, { 'resources.requests.cpu': '10m' })
          const task = { board, agent: hired, issue: await board.assign(hired, `Survive the ${gate} as ${index}`) }
          return { ...task, lost: await runAtWork(suite, task) }
        }),
      )
    }

    it('installs a server whose agents do their first issue in a namespace of their own', async () => {
      const { board, settings, place } = opened()
      const { checks } = await board.must<{ checks: { code: string; level: string }[] }>(
        'POST',
        `/api/companies/${board.company}/adapters/${agent.definition.type}/test-environment`,
        { adapterConfig: { ...agent.config('http://127.0.0.1:9', null), ...settings } },
      )
      // The volume is ReadWriteOnce here, and the environment test says so.
      expect(checks.filter(({ level }) => level !== 'info').map(({ code }) => code)).toEqual(['k8s_pvc_not_rwx'])
      const hired = await suite.hire('Ida', 'close-issue')
      const issue = await board.assign(hired, 'Be the first')
      const run = await board.finished(hired)
      const log = await board.log(run.id)
      expect(run, log).toMatchObject({
        status: 'succeeded',
        resultJson: { agentJob: { namespace: agentNamespace, outputComplete: true } },
      })
      expect(log).not.toContain('cannot be inherited')
      await board.issueIn(issue, 'done')
      expect(await contents(place.client, namespace)).not.toContainEqual(expect.stringMatching(/^Job /))
    })

    it('upgrades in the middle of 10 runs without losing a run or a line', async () => {
      const { place, replace, openGate } = opened()
      const tasks = await atWork('upgrade', 10)
      const labelSelector = `paperclip.io/agent-id in (${tasks.map(({ agent: id }) => id).join(',')})`
      const { items } = await place.client.list(kinds.Pod, { namespace: agentNamespace, labelSelector })
      const working = items.filter(({ status }) => status?.phase === 'Running')
      expect(working).toHaveLength(10)
      // The volume can be mounted by one node only.
      for (const { spec } of working) expect(spec?.affinity?.podAffinity).toBeDefined()
      await replace(async () => {
        const upgraded = release.upgrade('server.podAnnotations.upgraded=yes')
        await away(5_000)()
        openGate('upgrade')
        await upgraded
      })
      await Promise.all(tasks.map((task) => expectTakenBack(suite, task)))
    })

    it('rolls back to the former server, which has everything that happened since', async () => {
      const { replace, board, place } = opened()
      const issues = () => board.must<{ id: string }[]>('GET', `/api/companies/${board.company}/issues`)
      const before = await issues()
      expect(await annotations(place.client)).toHaveProperty('upgraded')
      await replace(() => release.rollback(1))
      expect(await annotations(place.client)).not.toHaveProperty('upgraded')
      expect((await issues()).map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted())
      expect((await release.history()).map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed'])
    })

    it('uninstalls all but data, keys and working agents, and a new installation takes them back', async () => {
      const { place, replace, openGate } = opened()
      const { client } = place
      const [task] = await atWork('uninstall', 1)
      if (task === undefined) throw new Error('no agent was hired')
      await replace(async () => {
        await release.uninstall()
        await absence(() => client.get(kinds.Pod, { namespace, name: 'paperclip-0' }), "the server's pod")
        expect(await contents(client, namespace)).toEqual([
          'PersistentVolumeClaim paperclip-data',
          'Secret paperclip-keys',
        ])
        const theirs = await contents(client, agentNamespace)
        expect(theirs).toContain('PersistentVolumeClaim paperclip-data')
        expect(theirs).toContainEqual(expect.stringMatching(/^Pod /))
        expect(theirs.filter((each) => each.startsWith('ServiceAccount '))).toEqual([])
        await client.get(PersistentVolume, { name: `${agentNamespace}-paperclip-data` })
        openGate('uninstall')
        await release.reinstall()
      })
      await expectTakenBack(suite, task)
    })
  })
}
