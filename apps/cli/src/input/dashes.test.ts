import { describe, expect, it } from 'vitest'
import { refuseStray } from './dashes.ts'

describe('refuseStray', () => {
  it.each<[string[], string[]]>([
    [['run', '--image', 'x'], []],
    [
      ['run', '--image', 'x', '--', '--max-turns', '3'],
      ['--max-turns', '3'],
    ],
    [
      ['run', '--', '--', 'x'],
      ['--', 'x'],
    ],
  ])('takes %j', (raw, taken) => expect(() => refuseStray(raw, taken)).not.toThrow())

  it.each<[string[], string[], string]>([
    [['run', '--prompt', 'say', 'hello'], ['hello'], 'hello'],
    [['run', 'hello', '--', '-v'], ['hello', '-v'], 'hello'],
  ])('refuses %j', (raw, taken, stray) => {
    expect(() => refuseStray(raw, taken)).toThrow(`There is no argument \`${stray}\`. Quote a prompt`)
  })
})
