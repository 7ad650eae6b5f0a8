import { describe, expect, it } from 'vitest'
import { reachableTemp } from './reachable-temp.ts'

const modes: Record<string, number> = { '/': 0o755, '/tmp': 0o1777, '/tmp/user': 0o711, '/tmp/user/0': 0o700 }
const modeOf = (path: string) => modes[path] ?? 0

describe('the temp folder of the embedded cluster', () => {
  it.each([
    ['/tmp/user/0', true, '/tmp'],
    ['/tmp/user', true, '/tmp/user'],
    ['/tmp', true, '/tmp'],
    ['/tmp/user/0', false, '/tmp/user/0'],
  ])('is for %s, started by root: %s, the folder %s', (folder, isRoot, expected) => {
    expect(reachableTemp({ folder, isRoot, modeOf })).toBe(expected)
  })
})
