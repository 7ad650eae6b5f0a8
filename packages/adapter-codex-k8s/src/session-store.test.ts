import type { VolumeView } from '@agent-jobs/adapter-kit'
import { describe, expect, it } from 'vitest'
import { codexPlaces, findRollout, taskFolder } from './session-store.ts'

const id = '01a228d8-f2e1-7872-a036-e1fbb3403739'

function volumeOf(files: Record<string, number>, covered = true): VolumeView {
  return {
    covers: () => covered,
    size: async (path) => files[path] ?? null,
    names: async (path) => [
      ...new Set(
        Object.keys(files).flatMap((file) =>
          file.startsWith(`${path}/`) ? [file.slice(path.length + 1).split('/')[0] ?? ''] : [],
        ),
      ),
    ],
    text: async () => null,
  }
}

describe('where a run keeps its sessions', () => {
  const places = (mode: 'shared' | 'isolated' | 'run', keyHash: string | null, taskId: string | null = 'T-1') =>
    codexPlaces({ stateDirectory: '/s', runDirectory: '/r', taskId, isolation: { mode, keyHash } }).sessions

  it('is apart by task and by key of isolation, and in the pod where nothing can be continued', () => {
    expect(places('shared', null)).toMatch(/^\/s\/codex\/sessions\/t-1-[0-9a-f]{12}$/)
    expect(places('isolated', 'abc')).toMatch(/\/isolated-abc$/)
    expect(places('run', 'abc')).toBe('/r/sessions')
    expect(places('shared', null, null)).toBe('/s/codex/sessions/_no_task_')
  })

  it('never leads out of its folder, and is the same for no two tasks', () => {
    expect(taskFolder('../../etc')).toMatch(/^______etc-[0-9a-f]{12}$/)
    expect(new Set(['a', 'A', 'a ', 'á'].map(taskFolder)).size).toBe(4)
    expect(taskFolder('x'.repeat(500)).length).toBeLessThan(100)
  })
})

describe('the rollout of a thread', () => {
  const file = `/s/2026/11/29/rollout-2026-11-29T19-47-16-${id}.jsonl`

  it.each([
    ['in the folder of its day', { [file]: 10 }, 'present'],
    ['beside those folders', { [`/s/rollout-x-${id}.jsonl`]: 10 }, 'present'],
    ['empty', { [file]: 0 }, 'absent'],
    ['of another thread', { [file.replace('01a2', '01a3')]: 10 }, 'absent'],
    ['deeper than Codex sorts them', { [file.replace('/29/', '/29/01/02/')]: 10 }, 'absent'],
    ['not there', {}, 'absent'],
  ])('that is %s is %s', async (_what, files, found) => {
    expect(await findRollout(volumeOf(files as Record<string, number>), '/s', id)).toBe(found)
  })

  it('is unknown where the server cannot look', async () => {
    expect(await findRollout(volumeOf({}, false), '/s', id)).toBe('unknown')
  })
})
