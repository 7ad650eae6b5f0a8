import { describe, expect, it } from 'vitest'
import { endpointOf } from './endpoint.ts'
import { explainFailure } from './explain-failure.ts'
import { errorLineOf, lastWordsOf } from './last-words.ts'

describe('a failure message', () => {
  it('names endpoint, exit code, signal and the last lines of stderr', () => {
    expect(explainFailure('No.', { exitCode: 3, stderr: 'a: b\n' }, 'api.example/v1')).toBe(
      'No. (from api.example/v1; exit code 3; stderr: a: b)',
    )
    expect(explainFailure('No.', { signal: 'SIGKILL' })).toBe('No. (SIGKILL)')
    expect(explainFailure('No.', { exitCode: 137 })).toBe('No. (SIGKILL; exit code 137)')
  })

  it('does not repeat what it says already, and nothing that says nothing', () => {
    expect(explainFailure('It exited with 3: boom.', { exitCode: 3, stderr: 'boom' })).toBe('It exited with 3: boom.')
    expect(explainFailure('Error: no', { exitCode: 0, stderr: '\nwarn\nError: no\n' })).toBe('Error: no')
    expect(explainFailure('No.', {})).toBe('No.')
  })

  it('stays within its bound', () => {
    const message = explainFailure('x'.repeat(100_000), { exitCode: 1, stderr: `${'y'.repeat(100_000)}\n` })
    expect(message.length).toBeLessThanOrEqual(4_000)
    expect(message).toMatch(/exit code 1; stderr: y+\)$/)
  })
})

describe('the words of a command line', () => {
  it.each([
    [
      'a warning first',
      '(node:1) Warning: x\n(Use `node --trace-warnings ...`)\nError: no such file\n    at x (a.js:1:2)',
      'Error: no such file',
    ],
    ['colours', '\u001b[91mError:\u001b[0m no', 'Error: no'],
    ['a heading', 'Error: Unexpected error\n\nSession not found\n', 'Error: Unexpected error: Session not found'],
    ['nothing like an error', 'one\ntwo\n', 'two'],
    ['warnings alone', 'npm warn old\n', 'npm warn old'],
    ['an upper-case level', '[WARN] x\nfatal: not a git repository', 'fatal: not a git repository'],
    ['nothing', '\n \n', null],
  ])('after %s', (_, output, line) => expect(errorLineOf(output)).toBe(line))

  it('are the last four lines', () => {
    expect(lastWordsOf('one\ntwo\nthree\nfour\nfive\n')).toBe('two | three | four | five')
  })
})

describe('an endpoint', () => {
  it.each([
    ['https://user:secret@api.example:8443/v1/chat?key=secret#x', 'api.example:8443/v1/chat'],
    ['http://127.0.0.1:1/v1', '127.0.0.1:1/v1'],
    ['file:///etc/passwd', null],
    ['no url', null],
    [null, null],
  ])('of %s is %s', (url, endpoint) => expect(endpointOf(url)).toBe(endpoint))
})
