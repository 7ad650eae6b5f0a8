import { describe, expect, it } from 'vitest'
import { splitArguments } from './dashes.ts'

describe('splitArguments', () => {
  it.each<[string[], string[], string | undefined, string[]]>([
    [['run', '--image', 'x'], [], undefined, []],
    [['run', 'Say hello'], ['Say hello'], 'Say hello', []],
    [['run', '--image', 'x', '--', '--max-turns', '3'], ['--max-turns', '3'], undefined, ['--max-turns', '3']],
    [['run', 'Say hello', '--', '-v'], ['Say hello', '-v'], 'Say hello', ['-v']],
    [['run', '--', '--', 'x'], ['--', 'x'], undefined, ['--', 'x']],
  ])('splits %j', (raw, taken, prompt, extra) => {
    expect(splitArguments(raw, taken)).toEqual({ prompt, extra })
  })

  it.each<[string[], string[]]>([
    [
      ['run', 'say', 'hello'],
      ['say', 'hello'],
    ],
    [
      ['run', 'say', 'hello', '--', '-v'],
      ['say', 'hello', '-v'],
    ],
  ])('refuses a prompt without quotes: %j', (raw, taken) => {
    expect(() => splitArguments(raw, taken)).toThrow('Unexpected argument `hello`. Quote a prompt')
  })
})
