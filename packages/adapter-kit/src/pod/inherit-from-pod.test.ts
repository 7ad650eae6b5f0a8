import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { inheritFromPod, type InheritOptions } from './inherit-from-pod.ts'

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
          { name: 'TZ', value: 'Europe/Berlin' },
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
    const refused = expect.objectContaining({
      code: 'k8s_self_pod_unusable',
      message: expect.stringMatching(/Pod y\/x has no container/),
    })
    expect(() => inheritFromPod({ metadata: { name: 'x', namespace: 'y' } }, { policy })).toThrow(refused)
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

  it('gives none of the volumes with secrets, unless the operator allows them', () => {
    expect(inherited.volumes).toEqual([])
    const allow = [
      'secret/creds',
      'projected/mixed',
      'csi/secrets-store.csi.k8s.io',
      'projected/own-token',
      'projected/kube-api-access',
    ]
    const allowed = inheritFromPod(pod, { policy: { allow, deny: [] } })
    expect(allowed.volumes.map(({ volume }) => volume.name)).toEqual(['creds', 'mixed', 'csi'])
    expect(allowed.volumes[0]).toEqual({
      volume: {
        name: 'creds',
        secret: { secretName: 'creds', defaultMode: 0o400, items: [{ key: 'a', path: 'a.json' }], optional: true },
      },
      mounts: [
        { name: 'creds', mountPath: '/etc/creds', subPath: 'a.json', readOnly: true },
        { name: 'creds', mountPath: '/etc/more', readOnly: true },
      ],
    })
    expect(JSON.stringify(allowed.volumes)).not.toContain('serviceAccountToken')
    const denied = inheritFromPod(pod, { policy: { allow, deny: ['secret/creds'] } })
    expect(denied.volumes.map(({ volume }) => volume.name)).toEqual(['mixed', 'csi'])
  })

  it('splits the environment into what may be part of a Job, the rest, references and what is held back', () => {
    const more = { allow: ['GITHUB_TOKEN', 'MEMORY'], deny: [] }
    expect(inheritFromPod(pod, { policy: more }).env).toEqual({
      plain: { TZ: 'Europe/Berlin' },
      sensitive: { ANTHROPIC_API_KEY: 'sk-ant-1', ANTHROPIC_BASE_URL: 'http://gateway' },
      references: [
        { name: 'GITHUB_TOKEN', valueFrom: { secretKeyRef: { name: 'gh', key: 'token' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
      ],
      sources: [{ secretRef: { name: 'paperclip-secrets' } }],
      withheld: [
        { name: 'DATABASE_URL', reason: 'not_listed' },
        { name: 'EMPTY', reason: 'not_listed' },
        { name: 'BETTER_AUTH_SECRET', reason: 'not_listed' },
      ],
    })
  })
})

describe('a variable that names a file', () => {
  const withFiles = (env: NonNullable<V1Pod['spec']>['containers'][number]['env']): V1Pod => ({
    metadata: { name: 'paperclip-0', namespace: 'paperclip' },
    spec: {
      containers: [
        {
          name: 'paperclip',
          image: 'paperclip:7',
          ...(env ? { env } : {}),
          volumeMounts: [
            { name: 'data', mountPath: '/paperclip' },
            { name: 'ca', mountPath: '/etc/company-ca' },
            { name: 'bundle', mountPath: '/etc/bundle', subPath: 'x' },
            { name: 'gcp', mountPath: '/var/run/gcp' },
            { name: 'aws-iam-token', mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'ca', configMap: { name: 'company-ca' } },
        { name: 'bundle', projected: { sources: [{ configMap: { name: 'company-ca' } }] } },
        { name: 'gcp', secret: { secretName: 'gcp-key' } },
        { name: 'aws-iam-token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
  })
  const inherit = (name: string, value: string, options: Partial<InheritOptions> = {}) => {
    const { env, volumes } = inheritFromPod(withFiles([{ name, value }]), { policy, ...options })
    return {
      value: env.sensitive[name],
      withheld: env.withheld[0]?.reason,
      volumes: volumes.map(({ volume }) => volume.name),
      env,
    }
  }

  it('with a certificate brings the ConfigMap that holds it, read-only', () => {
    const { env, volumes } = inheritFromPod(withFiles([{ name: 'SSL_CERT_FILE', value: '/etc/company-ca/ca.pem' }]), {
      policy,
    })
    expect(env.sensitive['SSL_CERT_FILE']).toBe('/etc/company-ca/ca.pem')
    expect(volumes).toEqual([
      {
        volume: { name: 'ca', configMap: { name: 'company-ca', optional: true } },
        mounts: [{ name: 'ca', mountPath: '/etc/company-ca', readOnly: true }],
      },
    ])
  })

  it('is trusted by Node, too, and so by the launcher', () => {
    expect(inherit('GIT_SSL_CAINFO', '/etc/company-ca/ca.pem').env.sensitive['NODE_EXTRA_CA_CERTS']).toBe(
      '/etc/company-ca/ca.pem',
    )
    const both = withFiles([
      { name: 'SSL_CERT_FILE', value: '/etc/company-ca/ca.pem' },
      { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/bundle/own.pem' },
    ])
    expect(inheritFromPod(both, { policy }).env.sensitive['NODE_EXTRA_CA_CERTS']).toBe('/etc/bundle/own.pem')
  })

  it('brings a projected volume of ConfigMaps', () => {
    expect(inherit('NODE_EXTRA_CA_CERTS', '/etc/bundle/ca.pem')).toMatchObject({ volumes: ['bundle'] })
  })

  it('is known by its value where it came from a whole source', () => {
    const values = { NODE_EXTRA_CA_CERTS: '/etc/company-ca/ca.pem', OTHER: '/etc/company-ca' }
    const { env, volumes } = inheritFromPod(withFiles([]), { policy, values })
    expect(env.sensitive).toEqual({ NODE_EXTRA_CA_CERTS: '/etc/company-ca/ca.pem' })
    expect(volumes).toHaveLength(1)
  })

  it.each([
    ['GOOGLE_APPLICATION_CREDENTIALS', '/var/run/gcp/key.json', 'path_missing'],
    ['NODE_EXTRA_CA_CERTS', '/scratch/ca.pem', 'path_missing'],
    ['NODE_EXTRA_CA_CERTS', '/paperclip/ca.pem', 'path_missing'],
    ['SSL_CERT_DIR', '/etc/company-ca:/scratch', 'path_missing'],
    ['NODE_EXTRA_CA_CERTS', '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', 'path_missing'],
    ['NODE_EXTRA_CA_CERTS', '/etc/company-ca/../../paperclip/ca.pem', 'path_missing'],
    ['AWS_WEB_IDENTITY_TOKEN_FILE', '/var/run/secrets/eks.amazonaws.com/serviceaccount/token', 'cloud_identity'],
  ])('is left out when the pod would not have it: %s=%s', (name, value, reason) => {
    expect(inherit(name, value)).toMatchObject({ value: undefined, withheld: reason, volumes: [] })
  })

  it('comes with the Secret that holds it where the operator allows that', () => {
    const allowed = { policy: { allow: ['secret/gcp-key'], deny: [] } }
    expect(inherit('GOOGLE_APPLICATION_CREDENTIALS', '/var/run/gcp/key.json', allowed)).toMatchObject({
      value: '/var/run/gcp/key.json',
      volumes: ['gcp'],
    })
  })

  it('never brings a token of the server, whatever is allowed', () => {
    const all = { policy: { allow: ['*', 'projected/*', 'secret/*'], deny: [] } }
    const path = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
    expect(inherit('MY_TOKEN_FILE', path, all)).toMatchObject({ value: undefined, withheld: 'path_missing' })
    expect(inherit('X', '/x', all).volumes).not.toContain('aws-iam-token')
  })

  it('of the image is passed on where the agent has the same image', () => {
    expect(inherit('SSL_CERT_FILE', '/etc/ssl/cert.pem').value).toBe('/etc/ssl/cert.pem')
    expect(inherit('SSL_CERT_FILE', '/etc/ssl/cert.pem', { image: 'paperclip:7' }).value).toBe('/etc/ssl/cert.pem')
    expect(inherit('SSL_CERT_FILE', '/etc/ssl/cert.pem', { image: 'other:1' }).withheld).toBe('path_missing')
  })

  it('on the data volume is passed on where the agent sees all of it', () => {
    expect(inherit('NODE_EXTRA_CA_CERTS', '/paperclip/ca.pem', { shared: ['/paperclip'] }).value).toBe(
      '/paperclip/ca.pem',
    )
  })
})

describe("the server's pod, for agents in another namespace", () => {
  const elsewhere = inheritFromPod(pod, {
    policy: { allow: ['GITHUB_TOKEN', 'MEMORY', 'secret/creds'], deny: [] },
    namespace: 'agents',
    values: { GITHUB_TOKEN: 'gh-1', OPENAI_API_KEY: 'from-envFrom', DATABASE_URL: 'postgres://x', PATH: '/bin' },
  })

  it('gives the values of what it only refers to, and nothing that would have to be mounted', () => {
    expect(elsewhere.env).toMatchObject({
      sensitive: { ANTHROPIC_API_KEY: 'sk-ant-1', GITHUB_TOKEN: 'gh-1', OPENAI_API_KEY: 'from-envFrom' },
      references: [],
      sources: [],
    })
    expect(elsewhere.env.withheld).toContainEqual({ name: 'MEMORY', reason: 'other_namespace' })
    expect(elsewhere.volumes).toEqual([])
  })
})
