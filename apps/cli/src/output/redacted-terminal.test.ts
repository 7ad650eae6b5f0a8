import { describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { redactedTerminal } from './redacted-terminal.ts'

describe('redactedTerminal', () => {
  it('hides credentials on both streams, and changes nothing else', () => {
    const terminal = fakeTerminal({ columns: 80 })
    const safe = redactedTerminal(terminal, (text) => text.replaceAll('s3cret', '***'))
    safe.out('out s3cret\n')
    safe.err('err s3cret\n')
    expect(terminal.stdout()).toBe('out ***\n')
    expect(terminal.stderr()).toBe('err ***\n')
    expect(safe.columns()).toBe(80)
  })
})
