import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AdapterError } from '../adapter-error.ts'
import { kubeConfigSource, readKubeConfig } from './kube-config.ts'

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }
const withUser = (user: string, cluster = '') => `{apiVersion: v1, kind: Config,
clusters: [{name: c, cluster: {server: "https://x.example"${cluster}}}],
contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: ${user}}], current-context: c}`
const good = withUser('{token: t}')

function failure(run: () => unknown): AdapterError {
  try {
    run()
  } catch (error) {
    if (AdapterError.isInstance(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('the configuration of a cluster', () => {
  it('comes from the setting, then KUBECONFIG, then the pod', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kit-kube-')), 'config')
    writeFileSync(path, good)
    expect(kubeConfigSource(good, inPod).kind).toBe('content')
    expect(kubeConfigSource(path, inPod, 'paths').kind).toBe('file')
    expect(kubeConfigSource(' ', inPod).kind).toBe('own')
    const serverOf = (setting: string | undefined, env: Record<string, string>) =>
      readKubeConfig(kubeConfigSource(setting, env, 'paths')).clusters[0]?.server
    expect(serverOf(path, inPod)).toBe('https://x.example')
    expect(serverOf(undefined, { ...inPod, KUBECONFIG: path })).toBe('https://x.example')
    expect(serverOf(undefined, inPod)).toBe('https://10.0.0.1:443')
    expect(() => kubeConfigSource(undefined, {})).toThrow('no kubeconfig is set')
  })

  it('never comes from ~/.kube/config, which agents can write where HOME is on the shared volume', () => {
    const home = mkdtempSync(join(tmpdir(), 'kit-kube-'))
    expect(failure(() => kubeConfigSource(undefined, { HOME: home })).code).toBe('k8s_cluster_unknown')
    const env = { HOME: home, KUBECONFIG: join(home, 'absent') }
    expect(failure(() => readKubeConfig(kubeConfigSource(undefined, env))).message).not.toContain(`${home}/.kube`)
  })

  it.each([
    ['cut in a text', 'apiVersion: v1\nusers:\n- user:\n   token: "s3cret-token\n  x: : :\n'],
    ['with an extra word', '{"token": s3cret-token: x}'],
    ['cut in a list', 'users: [s3cret-token\n'],
    ['with an unknown alias', '{"token": *s3cret-token}'],
    ['without a cluster', 'apiVersion: v1\nusers: s3cret-token\n'],
    ['packed in an unsupported form', `s3cret-token${'A'.repeat(400)}`],
    ['as a word', 's3cret-token'],
    ['as a very long path', `/${'A'.repeat(400)}s3cret-token`],
  ])('is refused %s, and no message repeats its token', (_what, content) => {
    for (const trust of ['data', 'paths', 'plugins'] as const) {
      const error = failure(() => readKubeConfig(kubeConfigSource(content, inPod, trust)))
      expect(error.code).toMatch(/^k8s_kubeconfig_(?:invalid|refused)$/)
      expect(JSON.stringify([String(error), error, error.cause])).not.toContain('s3cret')
    }
  })

  it('is named by its path where it is one', () => {
    const { code, message } = failure(() => kubeConfigSource('/nowhere/config', inPod, 'paths'))
    expect(message).toContain('The kubeconfig "/nowhere/config" does not exist')
    expect(code).toBe('k8s_kubeconfig_invalid')
  })
})

describe('a kubeconfig in the settings of a hostile agent', () => {
  it.each([
    ['a program', '{exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [/tmp/pwned]}}', 'exec'],
    ['an auth provider with a command', '{auth-provider: {name: gcp, config: {cmd-path: touch}}}', 'auth-provider'],
    ["the token of the server's pod", '{tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}', 'tokenFile'],
    ['a certificate file', '{client-certificate: /etc/passwd, client-key-data: eA==}', 'client-certificate'],
    ['a key file', '{client-key: /etc/passwd, client-certificate-data: eA==}', 'client-key'],
  ])('cannot make the server use %s', (_what, user, field) => {
    const error = failure(() => readKubeConfig(kubeConfigSource(withUser(user), inPod)))
    expect(error.code).toBe('k8s_kubeconfig_refused')
    expect(error.message).toContain(`\`${field}\` of user "u"`)
    expect(error.message).toContain('kubeconfigTrust')
  })

  it.each([
    ['a certificate authority file', ', certificate-authority: /etc/passwd', 'certificate-authority'],
    ['no check of the certificate', ', insecure-skip-tls-verify: true', 'insecure-skip-tls-verify'],
    ['a proxy', ', proxy-url: "http://10.0.0.9:3128"', 'proxy-url'],
  ])('cannot make the server use %s', (_what, cluster, field) => {
    const error = failure(() => readKubeConfig(kubeConfigSource(withUser('{token: t}', cluster), inPod)))
    expect(error).toMatchObject({ code: 'k8s_kubeconfig_refused' })
    expect(error.message).toContain(`\`${field}\` of cluster "c"`)
  })

  it('cannot name a file of the server, nor learn whether one exists', () => {
    const told = ['/etc/passwd', '/nowhere/config', '/proc/1/environ', '/dev/zero'].map(
      (path) => failure(() => kubeConfigSource(path, inPod)).message,
    )
    expect(new Set(told).size).toBe(1)
    expect(told[0]).toContain('kubeconfigTrust')
  })

  it('cannot make the server read a device or run a program where the operator allows paths only', () => {
    const device = failure(() => readKubeConfig(kubeConfigSource('/dev/zero', inPod, 'paths')))
    expect(device.message).toContain('is not a regular file')
    const exec = withUser('{exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}}')
    expect(failure(() => readKubeConfig(kubeConfigSource(exec, inPod, 'paths'))).code).toBe('k8s_kubeconfig_refused')
  })
})

describe('what the operator allows', () => {
  const exec = withUser('{exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}}')

  it('lets a plugin through where the policy allows plugins', () => {
    const env = { AGENT_JOBS_POLICY: '{"kubeconfigTrust": "plugins"}' }
    expect(readKubeConfig(kubeConfigSource(exec, env)).users[0]?.exec?.command).toBe('touch')
  })

  it('is refused when it is misspelled, rather than taken for more or less', () => {
    const env = { AGENT_JOBS_POLICY: '{"kubeconfigTrust": "plugin"}' }
    expect(failure(() => kubeConfigSource(exec, env)).code).toBe('policy_invalid')
  })
})
