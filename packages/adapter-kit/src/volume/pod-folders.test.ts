import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
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
      scope: { folders: folders.map((path) => ({ path: `/paperclip/${path}`, readOnly: false })), refused: [] },
    },
  } as unknown as RunPlan
  return { root, plan, prepare: () => podFolders(plan, []) }
}

describe("the folders of an agent's pod", () => {
  it('are made before the pod is, and a file is mounted as one', async () => {
    const { root, prepare } = world(['repos/site', 'repos/file'])
    mkdirSync(join(root, 'repos'))
    writeFileSync(join(root, 'repos/file'), '')
    const made = await prepare()
    expect(made?.folders.map(({ path }) => path)).toEqual(['/paperclip/repos/file', '/paperclip/repos/site'])
    expect(made?.warnings).toEqual([])
    expect(existsSync(join(root, 'repos/site'))).toBe(true)
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

  it('end with the run where a file is in the way', async () => {
    const { root, prepare } = world(['repos/site'])
    writeFileSync(join(root, 'repos'), '')
    await expect(prepare()).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})
