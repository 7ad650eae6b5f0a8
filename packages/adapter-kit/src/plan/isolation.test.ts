import { describe, expect, it } from 'vitest'
import { isolationRoots, isolationVariables, readIsolation } from './isolation.ts'

describe('run isolation', () => {
  it('is shared by default', () => {
    expect(readIsolation(undefined, 'r')).toMatchObject({ mode: 'shared', key: null, keyHash: null })
    expect(readIsolation({ mode: 'shared', key: 'x' }, 'r')).toMatchObject({ mode: 'shared', key: null })
  })

  it('hashes the key for the label', () => {
    const isolation = readIsolation(
      { isolationMode: 'isolated', isolationKey: 'branch/a', homeRoot: '/paperclip/h' },
      'r',
    )
    expect(isolation).toMatchObject({ mode: 'isolated', key: 'branch/a', homeRoot: '/paperclip/h' })
    expect(isolation.keyHash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('has its own folders for home, sessions, caches and temporary files', () => {
    const roots = { workspaceRoot: '/p/w', homeRoot: '/p/h', sessionRoot: '/p/s', cacheRoot: '/p/c', tmpRoot: '/p/t' }
    const isolation = readIsolation({ mode: 'workspace', key: 'k', ...roots }, 'r')
    expect(isolationRoots(isolation)).toEqual(Object.values(roots))
    expect(isolationVariables(isolation)).toMatchObject({
      XDG_CACHE_HOME: '/p/c',
      npm_config_cache: '/p/c/npm',
      TMPDIR: '/p/t',
    })
    const none = readIsolation({ mode: 'run' }, 'r')
    expect([isolationRoots(none), isolationVariables(none)]).toEqual([[], {}])
  })

  it('isolates every run in mode run', () => {
    expect(readIsolation({ mode: 'run' }, 'r1').keyHash).not.toBe(readIsolation({ mode: 'run' }, 'r2').keyHash)
  })

  it.each([
    ['text', /not an object/],
    [{ mode: 'private' }, /none of shared, run, workspace, isolated/],
    [{ mode: 'isolated' }, /needs a "key"/],
    [{ mode: 'isolated', key: 7 }, /"key" is not a text/],
    [{ mode: 'isolated', key: 'k', homeRoot: 'relative' }, /expected an absolute path/],
    [{ mode: 'isolated', key: 'k', tmpRoot: '/a/../b' }, /expected an absolute path/],
  ])('refuses %j', (descriptor, message) => {
    const refused = expect.objectContaining({
      code: 'k8s_isolation_key_invalid',
      message: expect.stringMatching(message),
    })
    expect(() => readIsolation(descriptor, 'r')).toThrow(refused)
  })
})
