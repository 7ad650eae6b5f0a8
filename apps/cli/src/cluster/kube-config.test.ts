import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CliError } from '../errors/cli-error.ts'
import { loadKubeConfig } from './kube-config.ts'

let folder = ''
const yaml = (name: string): string => `apiVersion: v1
kind: Config
clusters: [{name: ${name}, cluster: {server: "http://127.0.0.1:1/${name}"}}]
users: [{name: ${name}, user: {token: t}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}}}]
current-context: ${name}
`
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-kubeconfig-'))
  await writeFile(join(folder, 'a'), yaml('a'))
  await writeFile(join(folder, 'b'), yaml('b'))
  await writeFile(join(folder, 'broken'), '{')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const load = (options: { kubeconfig?: string; context?: string; KUBECONFIG?: string }): string | undefined => {
  const { KUBECONFIG, ...rest } = options
  return loadKubeConfig({ ...rest, env: { HOME: folder, KUBECONFIG } }).clusters[0]?.server
}
const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (CliError.isInstance(error)) return error.code
  }
  return 'no CliError'
}

describe('loadKubeConfig', () => {
  it('takes the option before KUBECONFIG', () => {
    expect(load({ kubeconfig: join(folder, 'b'), KUBECONFIG: join(folder, 'a') })).toBe('http://127.0.0.1:1/b')
    expect(load({ KUBECONFIG: join(folder, 'a') })).toBe('http://127.0.0.1:1/a')
  })

  it('merges a list of files and uses the requested context', () => {
    const KUBECONFIG = `${join(folder, 'a')}:${join(folder, 'b')}`
    expect(load({ KUBECONFIG })).toBe('http://127.0.0.1:1/a')
    expect(load({ KUBECONFIG, context: 'b' })).toBe('http://127.0.0.1:1/b')
  })

  it('uses the proxy of the environment when the kubeconfig names none', async () => {
    const file = join(folder, 'far')
    const proxyOf = (env: Record<string, string>): string | undefined =>
      loadKubeConfig({ kubeconfig: file, env }).clusters[0]?.proxyUrl
    await writeFile(file, yaml('far').replaceAll('http://127.0.0.1:1/far', 'https://far.example:6443'))
    const env = { HTTPS_PROXY: 'http://proxy.example:3128' }
    expect(proxyOf(env)).toBe('http://proxy.example:3128')
    expect(proxyOf({ ...env, NO_PROXY: 'far.example' })).toBeUndefined()
    await writeFile(
      file,
      yaml('far').replace('http://127.0.0.1:1/far"', 'https://far.example:6443", proxy-url: "http://own.example:1"'),
    )
    expect(proxyOf(env)).toBe('http://own.example:1')
  })

  it('names the existing contexts when another is requested', () => {
    const options = { kubeconfig: join(folder, 'a'), context: 'prod' }
    expect(() => load(options)).toThrow('The kubeconfig has no context "prod". Its contexts: "a".')
    expect(codeOf(() => load(options))).toBe('kubeconfig_unusable')
  })

  it('refuses a named file that is missing or broken', () => {
    for (const name of ['absent', 'broken']) {
      expect(codeOf(() => load({ kubeconfig: join(folder, name) }))).toBe('kubeconfig_unusable')
    }
  })

  it('points to the demo where there is no cluster at all', () => {
    expect(() => load({})).toThrow('agent-jobs demo')
  })
})
