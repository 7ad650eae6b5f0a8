import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kubeConfigSource, loadKubeConfig } from './kube-config.ts'

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }
const good = `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "http://x"}}],
contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {}}], current-context: c}`

describe('the configuration of a cluster', () => {
  it('comes from the setting, by content or path, before the pod and KUBECONFIG', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kit-kube-')), 'config')
    writeFileSync(path, good)
    expect(kubeConfigSource(good, inPod).kind).toBe('content')
    expect(kubeConfigSource(path, inPod).kind).toBe('file')
    expect(kubeConfigSource(' ', inPod).kind).toBe('in-cluster')
    expect(kubeConfigSource(undefined, { KUBECONFIG: path }).kind).toBe('default')
    expect(() => kubeConfigSource(undefined, {})).toThrow('no kubeconfig is set')
    expect(loadKubeConfig(kubeConfigSource(path, {})).getCurrentCluster()?.server).toBe('http://x')
  })

  it.each([
    ['cut in a text', 'apiVersion: v1\nusers:\n- user:\n   token: "s3cret-token\n  x: : :\n'],
    ['with a word too many', '{"token": s3cret-token: x}'],
    ['cut in a list', 'users: [s3cret-token\n'],
    ['without a cluster', 'apiVersion: v1\nusers: s3cret-token\n'],
    ['packed in a form that is not read', `s3cret-token${'A'.repeat(400)}`],
    ['as a word', 's3cret-token'],
    ['as a very long path', `/${'A'.repeat(400)}s3cret-token`],
  ])('is refused %s, and its token is told to nobody', (_what, content) => {
    let told = ''
    try {
      loadKubeConfig(kubeConfigSource(content, inPod))
    } catch (error) {
      told = JSON.stringify([String(error), error])
    }
    expect(told).toContain('k8s_kubeconfig_invalid')
    expect(told).not.toContain('s3cret')
  })

  it('is named by its path where it is one', () => {
    expect(() => kubeConfigSource('/nowhere/config', inPod)).toThrow('The kubeconfig "/nowhere/config" does not exist')
  })
})
