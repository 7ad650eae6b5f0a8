import { describe, expect, it } from 'vitest'
import { secretTexts } from './secret-texts.ts'

describe('the credentials in a configuration', () => {
  it.each([
    ['a header with its scheme', { headers: { Authorization: 'Bearer abc' } }, ['Bearer abc', 'abc']],
    ['a header of its own', { headers: { 'x-api-key': 'abc', accept: 'text/plain' } }, ['abc']],
    ["a server's variables", { env: { GITHUB_TOKEN: 'abc', LANG: 'C' } }, ['abc']],
    ['options of a provider', { openai: { options: { apiKey: 'abc', baseURL: 'http://x' } } }, ['abc']],
    ['a login', { anthropic: { type: 'oauth', refresh: 'abc', access: 'def', expires: 1 } }, ['abc', 'def']],
    ['an address with a password', { url: 'https://u:p@host/x' }, ['https://u:p@host/x']],
    ['a list', { tokens: ['abc', 'def'] }, ['abc', 'def']],
    ['no reference to a variable', { headers: { Authorization: 'Bearer ${GITHUB_TOKEN}' } }, []],
    ['nothing', { a: [null, 1, true, { b: 'text' }] }, []],
  ])('are found in %s', (_what, value, found) => {
    expect(secretTexts(value)).toEqual(found)
  })
})
