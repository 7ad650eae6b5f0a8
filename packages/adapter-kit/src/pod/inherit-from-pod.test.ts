import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { inheritFromPod } from './inherit-from-pod.ts'

const policy = { allow: [], deny: [] }

const pod: V1Pod = {
  metadata: { name: 'paperclip-0', namespace: 'paperclip' },
  status: { podIP: '10.88.0.7' },
  spec: {
    nodeSelector: { pool: 'agents' },
    tolerations: [
      { key: 'dedicated', operator: 'Exists' },
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ],
    imagePullSecrets: [{ name: 'registry' }, {}],
    dnsConfig: { nameservers: ['1.1.1.1'] },
    containers: [
      { name: 'istio-proxy', image: 'istio/proxy' },
      {
        name: 'paperclip',
        image: 'local/paperclip:7',
        env: [
          { name: 'ANTHROPIC_BASE_URL', value: 'http://gateway' },
          { name: 'ANTHROPIC_API_KEY', value: 'sk-ant-1' },
          { name: 'DATABASE_URL', value: 'postgres://u:p@db/x' },
          { name: 'EMPTY', value: '' },
          { name: 'GITHUB_TOKEN', valueFrom: { secretKeyRef: { name: 'gh', key: 'token' } } },
          { name: 'BETTER_AUTH_SECRET', valueFrom: { secretKeyRef: { name: 'auth', key: 'secret' } } },
          {
            name: 'MEMORY',
            valueFrom: { resourceFieldRef: { containerName: 'paperclip', resource: 'limits.memory' } },
          },
        ],
        envFrom: [{ secretRef: { name: 'paperclip-secrets' } }],
        volumeMounts: [
          { name: 'data', mountPath: '/paperclip/', subPath: 'main' },
          { name: 'creds', mountPath: '/etc/creds', subPath: 'a.json' },
          { name: 'creds', mountPath: '/etc/more' },
          { name: 'mixed', mountPath: '/etc/mixed' },
          { name: 'csi', mountPath: '/etc/csi' },
          { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          { name: 'own-token', mountPath: '/tokens' },
          { name: 'cache', mountPath: '/cache' },
        ],
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } },
      { name: 'creds', secret: { secretName: 'creds', defaultMode: 0o400, items: [{ key: 'a', path: 'a.json' }] } },
      { name: 'mixed', projected: { sources: [{ secret: { name: 'x' } }, { configMap: { name: 'y' } }] } },
      { name: 'csi', csi: { driver: 'secrets-store.csi.k8s.io' } },
      { name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'own-token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'cache', emptyDir: {} },
    ],
  },
}

describe("the server's pod as a template", () => {
  const inherited = inheritFromPod(pod, { policy })

  it('is read from the container called paperclip, not from a sidecar', () => {
    expect(inherited).toMatchObject({ container: 'paperclip', image: 'local/paperclip:7' })
  })

  it('is read from the first container when none has that name', () => {
    const other: V1Pod = {
      spec: {
        containers: [
          { name: 'server', image: 'a' },
          { name: 'b', image: 'b' },
        ],
      },
    }
    expect(inheritFromPod(other, { policy }).container).toBe('server')
  })

  it('is refused without containers', () => {
    expect(() => inheritFromPod({ metadata: { name: 'x', namespace: 'y' } }, { policy })).toThrow(
      /Pod y\/x has no container/,
    )
  })

  it('gives pull secrets, DNS, node selector and the tolerations that people wrote', () => {
    expect(inherited).toMatchObject({
      imagePullSecrets: ['registry'],
      dnsConfig: { nameservers: ['1.1.1.1'] },
      nodeSelector: { pool: 'agents' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      podIp: '10.88.0.7',
    })
  })

  it('gives the claim at /paperclip with its sub-path', () => {
    expect(inherited.dataClaim).toEqual({ name: 'paperclip-data', subPath: 'main', readOnly: false })
    expect(inheritFromPod(pod, { policy, dataMountPath: '/data' }).dataClaim).toBeNull()
  })

  it('keeps items, sub-paths, modes, projected and CSI secrets, read-only and optional', () => {
    expect(inherited.secretVolumes.map(({ volume }) => volume.name)).toEqual(['creds', 'mixed', 'csi'])
    expect(inherited.secretVolumes[0]).toEqual({
      volume: {
        name: 'creds',
        secret: { secretName: 'creds', defaultMode: 0o400, items: [{ key: 'a', path: 'a.json' }], optional: true },
      },
      mounts: [
        { name: 'creds', mountPath: '/etc/creds', subPath: 'a.json', readOnly: true },
        { name: 'creds', mountPath: '/etc/more', readOnly: true },
      ],
    })
  })

  it("never hands over a token of the server's service account", () => {
    expect(JSON.stringify(inherited.secretVolumes)).not.toContain('serviceAccountToken')
  })

  it('leaves out a secret volume that the user denies', () => {
    const denied = inheritFromPod(pod, { policy: { allow: [], deny: ['secret/creds'] } })
    expect(denied.secretVolumes.map(({ volume }) => volume.name)).toEqual(['mixed', 'csi'])
  })

  it('splits the environment into open, sensitive, referenced and withheld', () => {
    expect(inherited.env).toEqual({
      plain: { ANTHROPIC_BASE_URL: 'http://gateway' },
      sensitive: { ANTHROPIC_API_KEY: 'sk-ant-1' },
      references: [
        { name: 'GITHUB_TOKEN', valueFrom: { secretKeyRef: { name: 'gh', key: 'token' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
      ],
      sources: [{ secretRef: { name: 'paperclip-secrets' } }],
      withheld: [
        { name: 'DATABASE_URL', reason: 'server_only' },
        { name: 'BETTER_AUTH_SECRET', reason: 'server_only' },
      ],
    })
  })
})
