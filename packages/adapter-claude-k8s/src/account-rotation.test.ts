import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rotateAccounts } from './account-rotation.ts'

describe('the rotation of accounts', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rotation-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const run = (accounts: string[]) => {
    const [file = '', ...args] = rotateAccounts(['agent', '--model', 'a b'], accounts)
    return execFileSync(file, args, {
      cwd: folder,
      encoding: 'utf8',
      input: 'the prompt',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: `${folder}:/usr/bin:/bin` },
    })
  }

  it('leaves the command alone without accounts', () => {
    expect(rotateAccounts(['claude', '--print'], [])).toEqual(['claude', '--print'])
  })

  it('asks ccrotate first; prompt and arguments reach the agent whole, whatever an account is called', () => {
    program('ccrotate', 'printf "%s\\n" "$@" > asked; cat >> asked; echo noise')
    program('agent', 'printf "%s|" "$@"; cat')
    expect(run(['a@x.org', '$(touch broken)'])).toBe('--model|a b|the prompt')
    expect(readFileSync(join(folder, 'asked'), 'utf8').split('\n')).toEqual([
      'next',
      '--yes',
      '--target',
      'claude',
      '--accounts',
      'a@x.org,$(touch broken)',
      '',
    ])
  })

  it.each([
    ['is not there', null],
    ['fails', 'exit 3'],
  ])('starts the agent also when ccrotate %s', (_what, text) => {
    if (text !== null) program('ccrotate', text)
    program('agent', 'cat')
    expect(run(['a'])).toBe('the prompt')
  })
})
