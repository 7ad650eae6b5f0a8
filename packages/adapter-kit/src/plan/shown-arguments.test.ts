import { describe, expect, it } from 'vitest'
import { shownArguments } from './shown-arguments.ts'

describe('the command line in the record of a run', () => {
  it.each([
    ['an option and its value', ['--api-key', 'abc', '--model', 'm'], ['--api-key', '***', '--model', 'm']],
    ['an option with its value', ['--api-key=abc'], ['--api-key=***']],
    ['JSON', ['--settings', '{"env":{"API_TOKEN":"abc"}}'], ['--settings', '{"env":{"API_TOKEN":"***"}}']],
    ['a value that is known', ['--append', 'say known-secret'], ['--append', 'say ***']],
    ['what is none', ['--max-turns', '3', '--tokenizer', 'x'], ['--max-turns', '3', '--tokenizer', 'x']],
  ])('shows no credential of %s', (_what, argv, shown) => {
    expect(shownArguments(argv, (text) => text.replaceAll('known-secret', '***'))).toEqual(shown)
  })
})
