import { expect, it } from 'vitest'
import { nearestName } from './nearest-name.ts'

const known = ['namespace', 'nodeSelector', 'tolerations', 'timeoutSec', 'resources.limits.memory', 'image']

it.each([
  ['namespaces', 'namespace'],
  ['node_selector', 'nodeSelector'],
  ['toleration', 'tolerations'],
  ['timeotuSec', 'timeoutSec'],
  ['limits.memory', 'resources.limits.memory'],
  ['resources.limit.memory', 'resources.limits.memory'],
  ['secretsFromVault', null],
  ['x', null],
])('finds the setting that %s most likely means: %s', (name, nearest) => {
  expect(nearestName(name, known)).toBe(nearest)
})

it('stays quick for a very long name', () => {
  expect(nearestName('n'.repeat(1_000_000), known)).toBeNull()
})
