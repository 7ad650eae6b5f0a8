import { describe, expect, it } from 'vitest'
import type { VolumeView } from '@agent-jobs/adapter-kit'
import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { assert, pre, property, string } from 'fast-check'
import { opencodeSchema } from './opencode-settings.ts'
import { databaseVolumeClaim, databaseFolder, findDatabase, taskFolder } from './session-store.ts'

function volumeOf(files: Record<string, string>, root = '/paperclip'): VolumeView {
  return {
    covers: (path) => path.startsWith(root),
    size: (path) => Promise.resolve(files[path]?.length ?? null),
    names: (path) =>
      Promise.resolve(
        Object.keys(files).flatMap((file) => (file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [])),
      ),
    text: (path) => Promise.resolve(files[path] ?? null),
  }
}

type Apart = Parameters<typeof databaseFolder>[0]['isolation']

const folderFor = (mode: string, taskId: string | null, isolation: Apart = { mode: 'shared', keyHash: null }) =>
  databaseFolder({
    settings: requireSettings(opencodeSchema, { agentDbMode: mode }),
    stateDirectory: '/paperclip/state',
    taskId,
    isolation,
  })

describe('the session database', () => {
  it.each([
    ['workspace_subpath', 'issue-1', '/paperclip/state/opencode-db/issue-1'],
    ['workspace_subpath', null, null],
    ['dedicated_pvc', 'issue-1', '/opencode-db/issue-1'],
    ['ephemeral', 'issue-1', null],
  ])('of mode %s and task %s lies at %s', (mode, task, folder) => {
    expect(folderFor(mode, task)).toBe(folder)
  })

  it('is one of each task, whatever the task is called', () => {
    assert(
      property(string({ minLength: 1 }), string({ minLength: 1 }), (one, other) => {
        pre(one !== other)
        expect(taskFolder(one)).toMatch(/^[a-z0-9_-]{1,100}$/)
        expect(taskFolder(one)).not.toBe(taskFolder(other))
      }),
    )
  })

  it('is one of each isolation of a task, and goes with the pod where every run is isolated', () => {
    expect(folderFor('workspace_subpath', 't', { mode: 'isolated', keyHash: 'abc' })).toBe(
      '/paperclip/state/opencode-db/t/isolated-abc',
    )
    expect(folderFor('dedicated_pvc', 't', { mode: 'workspace', keyHash: 'd' })).toBe('/opencode-db/t/isolated-d')
    expect(folderFor('workspace_subpath', 't', { mode: 'run', keyHash: 'abc' })).toBeNull()
  })

  it.each([
    ['a file', { '/paperclip/t/opencode.db': 'x' }, '/paperclip/t', 'present'],
    ['no file', {}, '/paperclip/t', 'absent'],
    [
      'a file that is set aside',
      { '/paperclip/t/opencode.db': 'x', '/paperclip/t/opencode.db.aside': '{}' },
      '/paperclip/t',
      'absent',
    ],
    ['a folder that the server cannot see', {}, '/opencode-db/t', 'unknown'],
    ['no folder', {}, null, 'absent'],
  ])('with %s is judged', async (_what, files, folder, verdict) => {
    expect(await findDatabase(volumeOf(files), folder)).toBe(verdict)
  })
})

describe("the claim of an agent's own", () => {
  it.each([
    ['6d1f3c52-0b7e-4c53-9d52-2b9d0f0e9a11', /^opencode-db-6d1f3c52-0b7e-4c53-9d52-2b9d0f0e9a11$/],
    ['Agent_1', /^opencode-db-[0-9a-f]{32}$/],
    ['x'.repeat(200), /^opencode-db-[0-9a-f]{32}$/],
  ])('of %s has a name that Kubernetes takes', (agentId, name) => {
    const claim = databaseVolumeClaim(agentId, requireSettings(opencodeSchema, {}))
    expect(claim.name).toMatch(name)
    expect(claim).toMatchObject({ mountPath: '/opencode-db', storage: '1Gi' })
  })

  it('takes class and capacity from the settings', () => {
    const settings = requireSettings(opencodeSchema, { agentDbStorageClass: 'fast', agentDbStorageCapacity: '5Gi' })
    expect(databaseVolumeClaim('a', settings)).toMatchObject({
      name: 'opencode-db-a',
      storageClassName: 'fast',
      storage: '5Gi',
    })
  })
})
