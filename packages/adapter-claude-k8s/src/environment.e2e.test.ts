import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { permissions, type Permission } from '@agent-jobs/adapter-kit/permissions'
import { realPaperclipPlace, type PaperclipPlace } from '@agent-jobs/paperclip-testing'
import { isAlreadyExists, kinds, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const cluster = process.env['KUBECONFIG']
const named = ({ resource, subresource, verb }: Permission) => {
  const name = subresource ? `${resource}_${subresource}` : resource
  return `k8s_rbac_${name.replace(/s$/, '')}_${verb}`
}

describe.skipIf(!cluster)('the environment test by rights that are too small (needs KUBECONFIG)', () => {
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await realPaperclipPlace(claudeAgent, 'adapter-e2e')
  })
  afterAll(() => place.close())

  async function make<T extends KubeObject>(kind: ResourceKind<T>, object: T, namespace?: string): Promise<void> {
    try {
      await place.client.create(kind, object, namespace === undefined ? {} : { namespace })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  /** A kubeconfig of an account that has these rights and no others. */
  async function accountWith(granted: readonly Permission[]) {
    const { namespace } = place
    // What an earlier run has left is the same when its name is.
    const name = `rights-${createHash('sha256').update(JSON.stringify(granted)).digest('hex').slice(0, 12)}`
    await make(kinds.ServiceAccount, { metadata: { name } }, namespace)
    const rules = granted.map(({ group, resource, subresource, verb }) => ({
      apiGroups: [group],
      resources: [subresource ? `${resource}/${subresource}` : resource],
      verbs: [verb],
    }))
    await make(kinds.Role, { metadata: { name }, rules }, namespace)
    const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }
    const subjects = [{ kind: 'ServiceAccount', name, namespace }]
    await make(kinds.RoleBinding, { metadata: { name }, roleRef: role, subjects }, namespace)
    const { status } = await place.client.request<{ status: { token: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
    })
    const config = new KubeConfig()
    config.loadFromDefault()
    const { server, caData, caFile } = config.getCurrentCluster() ?? {}
    const authority = {
      'certificate-authority-data': caData ?? readFileSync(String(caFile)).toString('base64'),
    }
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, ...authority } }],
      users: [{ name: 'u', user: { token: status.token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
      'current-context': 'x',
    })
  }

  async function test(extra: Record<string, unknown>) {
    const config = place.config('text', extra)
    const result = await place.adapter().testEnvironment({ companyId: 'c', adapterType: 'claude_k8s', config })
    const levels = Object.fromEntries(result.checks.map(({ code, level }) => [code, level]))
    expect(result.checks.filter(({ level, hint }) => level !== 'info' && !hint)).toEqual([])
    return { status: result.status, levels, checks: result.checks, text: JSON.stringify(result.checks, null, 1) }
  }
  const refused = (levels: Record<string, string>) =>
    Object.keys(levels)
      .filter((code) => /^k8s_rbac_./.test(code) && levels[code] !== 'info')
      .sort()

  it.concurrent('passes with the shipped Role, including a probe pod with the real CLI', async () => {
    const kubeconfig = await accountWith(permissions)
    const { levels, checks, text } = await test({ kubeconfig, environmentProbe: true })
    expect(levels, text).toMatchObject({
      k8s_self_pod: 'info',
      k8s_rbac: 'info',
      k8s_pvc_rwx: 'info',
      k8s_namespace_exists: 'info',
      k8s_probe_node: 'info',
      k8s_probe_cli: 'info',
      k8s_probe_volume: 'info',
      // Nothing listens there; the pod reports that, too.
      k8s_probe_api: 'error',
    })
    expect(checks.find(({ code }) => code === 'k8s_probe_cli')?.message).toMatch(/"claude" is version \d+\./)
  })

  it.concurrent('names each missing verb and no others', async () => {
    const lacking = permissions.filter(
      ({ resource, verb }) => ['secrets', 'namespaces', 'resourcequotas'].includes(resource) || verb === 'delete',
    )
    const kubeconfig = await accountWith(permissions.filter((permission) => !lacking.includes(permission)))
    const { status, levels, text } = await test({ kubeconfig })
    expect(status).toBe('fail')
    expect(levels, text).toMatchObject({ k8s_namespace_unseen: 'info', k8s_quota_unseen: 'info' })
    expect(refused(levels), text).toEqual(lacking.map(named).sort())
  })

  it.concurrent('names everything at once for an account that has nothing', async () => {
    const kubeconfig = await accountWith([])
    const { status, levels, text } = await test({ kubeconfig })
    expect(status).toBe('fail')
    expect(levels, text).toMatchObject({ k8s_forbidden: 'error' })
    expect(refused(levels), text).toEqual(permissions.map(named).sort())
  })

  it.concurrent('reports pods that the namespace, the node or the image rejects', async () => {
    const [image, size] = await Promise.all([
      test({ environmentProbe: true, image: 'nowhere/UPPER:1' }),
      test({
        environmentProbe: true,
        podScheduleTimeoutSec: 2,
        'resources.requests.memory': '64Ti',
        'resources.limits.memory': '64Ti',
      }),
    ])
    expect(image.levels, image.text).toMatchObject({ k8s_probe_image_error: 'error', k8s_pvc_rwx: 'info' })
    expect(size.levels, size.text).toMatchObject({ k8s_probe_unschedulable: 'error' })
  })

  it.concurrent('sees a full quota and a PodSecurity level that forbids a privileged sidecar', async () => {
    const namespace = 'adapter-e2e-strict'
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await make(kinds.Namespace, { metadata: { name: namespace, labels } })
    await make(
      kinds.ResourceQuota,
      { metadata: { name: 'none' }, spec: { hard: { 'count/jobs.batch': '0', pods: '0' } } },
      namespace,
    )
    const { levels, text } = await test({
      namespace,
      sidecars: [{ name: 'root', image: 'x', securityContext: { privileged: true } }],
      environmentProbe: true,
    })
    expect(levels, text).toMatchObject({
      k8s_pod_security: 'error',
      k8s_configuration: 'warn',
      k8s_pvc_not_detected: 'warn',
    })
    expect(Object.keys(levels), text).toEqual(
      expect.arrayContaining([expect.stringMatching(/^k8s_probe_(?:refused|quota_exceeded)$/)]),
    )
  })
})
