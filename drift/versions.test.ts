import { describe, expect, it } from 'vitest'
import { sortedVersions } from './versions.ts'

describe('the versions of a package', () => {
  it('are its stable ones by number, newest first', () => {
    const listed = ['2.1.9', '2.1.332', '2.1.98', '2.2.0-beta.1', '10.0.0', null, '1.18.33', 'next']
    expect(sortedVersions(listed)).toEqual(['10.0.0', '2.1.332', '2.1.98', '2.1.9', '1.18.33'])
  })
})
