import { describe, expect, it } from 'vitest'
import { bundledReleases, type ReleasePackage } from './bundled-releases.ts'
import { releasePackages } from './release-packages.ts'

const pack = (name: string, imports: string[], dependencies: string[] = [], hidden = false): ReleasePackage => ({
  name,
  imports,
  dependencies,
  private: hidden,
})

describe('bundledReleases', () => {
  it('releases what bundles a changed package, directly or through others', () => {
    const packages = [pack('adapter', ['kit']), pack('kit', ['stream'], ['stream']), pack('stream', [])]
    expect(bundledReleases(['stream'], packages)).toEqual([{ name: 'adapter', contains: ['stream'] }])
  })

  it('leaves dependents to changesets, which follow dependencies', () => {
    expect(bundledReleases(['stream'], [pack('kit', ['stream'], ['stream']), pack('stream', [])])).toEqual([])
  })

  it('releases neither private packages nor those that are released anyway', () => {
    const packages = [pack('adapter', ['core']), pack('tests', ['core'], [], true), pack('core', [], [], true)]
    expect(bundledReleases(['core', 'adapter'], packages)).toEqual([])
  })
})

describe('a fix in each package of this repository', () => {
  const packages = releasePackages()
  const adapters = packages
    .map(({ name }) => name)
    .filter((name) => name.startsWith('@agent-jobs/adapter-') && name.endsWith('-k8s'))
  const released = (name: string) => [name, ...bundledReleases([name], packages).map((each) => each.name)]

  it('knows the adapters', () => expect(adapters.length).toBeGreaterThan(1))

  it.each([
    'kube-api',
    'log-stream',
    'launcher',
    'k8s-job-runner',
    'adapter-kit',
    'orphan-classifier',
    'prompt-bundle',
  ])('in %s reaches users of every adapter', (name) => {
    expect(released(`@agent-jobs/${name}`)).toEqual(expect.arrayContaining(adapters))
  })

  it('in the core of the parsers reaches users of each parser', () => {
    const parsers = packages.map(({ name }) => name).filter((name) => name.endsWith('-stream-parser'))
    expect(parsers.length).toBeGreaterThan(1)
    expect(released('@agent-jobs/stream-parser-core')).toEqual(expect.arrayContaining(parsers))
  })
})
