import { existsSync, mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVolumeView } from './volume-view.ts'
import { readIsolation } from '../plan/isolation.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { podFolders } from './pod-folders.ts'

function world(folders: string[]) {
  const root = mkdtempSync(join(tmpdir(), 'kit-folders-'))
  const plan = {
    volume: createVolumeView({ mountPath: '/paperclip', serverPath: root }),
    run: { companyId: 'c1', agentId: 'a1' },
    isolation: readIsolation(undefined, 'r1'),
    places: {
      dataMountPath: '/paperclip',
      instanceRoot: '/paperclip/instances/default',
      cwd: '/paperclip/repos',
      home: '/paperclip/home',
      scope: {
        root: '/paperclip',
        instanceRoot: '/paperclip/instances/default',
        company: 'c1',
        agent: 'a1',
        own: [],
        readOnly: [],
        trusted: folders.map((path) => `/paperclip/${path}`),
        asked: [],
        allowed: [],
        granted: new Map(),
      },
    },
  } as unknown as RunPlan
  return { root, plan, prepare: () => podFolders(plan, []) }
}

describe("the folders of an agent's pod", () => {
  it('are made before the pod is, and known by inode and device', async () => {
    const { root, prepare } = world(['repos/site'])
    const made = await prepare()
    expect(made).toMatchObject({ folders: [{ path: '/paperclip/repos/site', readOnly: false }], warnings: [] })
    const { ino, dev } = statSync(join(root, 'repos/site'), { bigint: true })
    expect(made?.identities).toEqual([{ path: '/paperclip/repos/site', inode: String(ino), device: String(dev) }])
  })

  it('are folders: a file is left out and reported', async () => {
    const { root, prepare } = world(['repos/file'])
    mkdirSync(join(root, 'repos'))
    writeFileSync(join(root, 'repos/file'), '')
    expect(await prepare()).toEqual({
      folders: [],
      identities: [],
      warnings: ['The agent does not get /paperclip/repos/file: It is not a folder. Name the folder that holds it.'],
    })
  })

  it.each(['cwd', 'home'])('end the run with policy_denied when they would leave out its %s', async (place) => {
    const { plan } = world([])
    const scope = { ...plan.places.scope, asked: ['/paperclip/.ssh'] }
    const places = { ...plan.places, scope, [place]: '/paperclip/.ssh/' } as typeof plan.places
    await expect(podFolders({ ...plan, places }, [])).rejects.toMatchObject({
      code: 'policy_denied',
      message: expect.stringMatching(/\/paperclip\/\.ssh.*allow\.volumeFolders/),
    })
  })

  it.each(['repos', 'repos/site'])('hold nothing that a link at %s leads to, and nothing is made there', async (at) => {
    const { root, prepare } = world(['repos/site/docs'])
    mkdirSync(join(root, 'instances/default/secrets/site'), { recursive: true })
    mkdirSync(join(root, at, '..'), { recursive: true })
    symlinkSync(join(root, 'instances/default/secrets'), join(root, at))
    const made = await prepare()
    expect(made?.folders).toEqual([])
    expect(made?.warnings).toEqual([
      'The agent does not get /paperclip/repos/site/docs: A part of the path is a link. Name the folder itself.',
    ])
    expect(existsSync(join(root, 'instances/default/secrets/docs'))).toBe(false)
    expect(existsSync(join(root, 'instances/default/secrets/site/docs'))).toBe(false)
  })

  it('are those of an isolated run where the pod has all of the volume', async () => {
    const { root, plan } = world([])
    const roots = { homeRoot: '/paperclip/a/home', cacheRoot: '/paperclip/a/cache', tmpRoot: '/elsewhere/tmp' }
    const isolation = {
      ...readIsolation({ mode: 'isolated', key: 'a', ...roots }, 'r1'),
      sessionRoot: '/paperclip/led/x',
    }
    mkdirSync(join(root, 'target'))
    symlinkSync('target', join(root, 'led'))
    const places = { ...plan.places, scope: null }
    expect(await podFolders({ ...plan, places, isolation }, [])).toBeNull()
    expect([existsSync(join(root, 'a/home')), existsSync(join(root, 'a/cache'))]).toEqual([true, true])
    expect(existsSync(join(root, 'target/x'))).toBe(false)
  })

  it('are left out when a file has their name', async () => {
    const { root, prepare } = world(['repos/site'])
    writeFileSync(join(root, 'repos'), '')
    expect((await prepare())?.folders).toEqual([])
  })
})
