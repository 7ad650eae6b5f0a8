import { describe, expect, it } from 'vitest'
import type { LaunchFile, LaunchSpec } from './launch-spec.ts'
import { LauncherError } from './launcher-error.ts'
import { validateFiles, validateSpec } from './validate-spec.ts'

const good = { version: 1, argv: ['claude'] }
const cases: [string, Record<string, unknown>, string][] = [
  ['another version', { version: 2 }, 'Expected `version` to be the number 1, got `2`'],
  ['no command', { argv: [] }, 'Expected `argv` to be a non-empty array of strings, got `[]`'],
  ['a command of numbers', { argv: [1] }, 'Expected `argv` to be a non-empty array of strings, got `[1]`'],
  ['an empty name', { argv: [''] }, 'Expected `argv[0]` to be the name or path of a command, got ``'],
  [
    'NUL in an argument',
    { argv: ['a', 'b\0'] },
    'Expected `argv[1]` to be free of NUL characters, got `a text with NUL`',
  ],
  ['a relative directory', { cwd: 'work' }, 'Expected `cwd` to be an absolute path, got `work`'],
  [
    'a relative output directory',
    { outputDirectory: '.' },
    'Expected `outputDirectory` to be an absolute path, got `.`',
  ],
  ['a bad name', { env: { 'A=B': '1' } }, 'Expected `env` to be names without `=`, got `A=B`'],
  ['an empty variable name', { env: { '': '1' } }, 'Expected `env` to be names without `=`, got ``'],
  ['a value that is not a string', { env: { A: 12_345 } }, 'Expected `env.A` to be a string, got `number`'],
  ['NUL in a value', { env: { A: 's\0' } }, 'Expected `env.A` to be free of NUL characters, got `a text with NUL`'],
  ['two paths in one', { prependPath: ['/a:/b'] }, 'Expected `prependPath[0]` to be a path without `:`, got `/a:/b`'],
  ['a relative path', { prependPath: ['a'] }, 'Expected `prependPath[0]` to be an absolute path, got `a`'],
  ['a bad list', { unsetEnv: 'A' }, 'Expected `unsetEnv` to be an array of strings, got `A`'],
  [
    'a journal that starts once by a text',
    { journal: { path: '/j', startsOnce: 'yes' as unknown as boolean } },
    'Expected `journal.startsOnce` to be a boolean, got `yes`',
  ],
  ['a relative journal', { journal: { path: 'j' } }, 'Expected `journal.path` to be an absolute path, got `j`'],
  [
    'an empty journal',
    { journal: { path: '/j', maxBytes: 0 } },
    'Expected `journal.maxBytes` to be a positive whole number, got `0`',
  ],
  [
    'a negative span',
    { limits: { idleMs: -1 } },
    'Expected `limits.idleMs` to be milliseconds from 0 to 2147483647, got `-1`',
  ],
  [
    'a span that no timer takes',
    { limits: { totalMs: 3e9 } },
    'Expected `limits.totalMs` to be milliseconds from 0 to 2147483647, got `3000000000`',
  ],
  [
    'a span that is not a number',
    { limits: { hangAfterFinishMs: Number.NaN } },
    'Expected `limits.hangAfterFinishMs` to be milliseconds from 0 to 2147483647, got `null`',
  ],
  [
    'half a byte',
    { limits: { maxOutputBytes: 0.5 } },
    'Expected `limits.maxOutputBytes` to be a positive whole number, got `0.5`',
  ],
  [
    'a rule that every line meets',
    { finish: { workDone: [{ includes: [''] }] } },
    'Expected `finish.workDone[0].includes` to be a non-empty array of non-empty strings without newlines, got `[""]`',
  ],
  [
    'a rule that no line meets',
    { finish: { workDone: [{ includes: ['a'] }], heldFrom: [{ includes: ['a\nb'] }] } },
    'Expected `finish.heldFrom[0].includes` to be a non-empty array of non-empty strings without newlines, got `["a\\nb"]`',
  ],
  [
    'a mount at a relative path',
    { mounts: [{ path: 'data', inode: '1' }] },
    'Expected `mounts[0].path` to be an absolute path, got `data`',
  ],
  [
    'a mount without an inode',
    { mounts: [{ path: '/data', inode: '-1' }] },
    'Expected `mounts[0].inode` to be a decimal number as a string, got `-1`',
  ],
  [
    'a mount on a device that is not a number',
    { mounts: [{ path: '/data', inode: '1', device: '8:1' }] },
    'Expected `mounts[0].device` to be a decimal number as a string, got `8:1`',
  ],
  [
    'a proxy to nowhere',
    { proxy: { targetUrl: 'ftp://x', tokenFile: '/t', envUrl: 'U' } },
    'Expected `proxy.targetUrl` to be an http or https URL, got `ftp://x`',
  ],
  [
    'a proxy without a name for its address',
    { proxy: { targetUrl: 'http://x', tokenFile: '/t', envUrl: '' } },
    'Expected `proxy.envUrl` to be the name of a variable, got ``',
  ],
  [
    'a rule without a pattern',
    { finish: { workDone: [] } },
    'Expected `finish.workDone` to be a list of 1 to 50 line patterns, got `[]`',
  ],
  [
    'an exception that holds for every line',
    { finish: { workDone: [{ includes: ['a'], unless: [[]] }] } },
    'Expected `finish.workDone[0].unless` to be a non-empty array of non-empty strings without newlines, got `[]`',
  ],
  [
    'overlapping turns that are not a boolean',
    { finish: { workDone: [{ includes: ['a'] }], turnsOverlap: 1 } },
    'Expected `finish.turnsOverlap` to be a boolean, got `1`',
  ],
  [
    'a loop without a bound',
    {
      finish: {
        workDone: [{ includes: ['a'] }],
        loop: { step: [{ includes: ['a'] }], progress: [{ includes: ['b'] }], maxSteps: 0 },
      },
    },
    'Expected `finish.loop.maxSteps` to be a positive whole number, got `0`',
  ],
  [
    'a rule that is too long',
    { finish: { workDone: [{ includes: ['a'.repeat(1001)] }] } },
    'Expected `finish.workDone[0].includes` to be made of strings of at most 1,000 characters, got `1001`',
  ],
]

describe('validateSpec', () => {
  for (const [name, change, message] of cases) {
    it(`rejects ${name} with a message that names the field`, () => {
      const spec = { ...good, ...change } as unknown as LaunchSpec
      expect(() => validateSpec(spec)).toThrow(new LauncherError('invalid_spec', message))
    })
  }

  it('accepts a spec with every field', () => {
    const spec: LaunchSpec = {
      version: 1,
      argv: ['claude', '--print', ''],
      cwd: '/work',
      createCwd: true,
      env: { 'dotted.name': '' },
      unsetEnv: ['A'],
      prependPath: ['/opt/tools'],
      journal: { path: '/data/journal', maxBytes: 1 },
      outputDirectory: '/data',
      mounts: [
        { path: '/data', inode: '18446744073709551615', device: '2049' },
        { path: '/x', inode: '1' },
      ],
      limits: { totalMs: 1, idleMs: 1, hangAfterFinishMs: 0, killGraceMs: 0, maxOutputBytes: 1 },
      proxy: { targetUrl: 'https://x/base', tokenFile: '/t', envUrl: 'U', envToken: 'T', holdMs: 1, refreshMs: 0 },
      finish: {
        workDone: [{ includes: ['a'], unless: [['b', 'c']] }],
        turnBegins: [{ includes: ['d'] }],
        turnEnds: [{ includes: ['e'] }],
        turnsOverlap: true,
        heldFrom: [{ includes: ['f'] }],
        heldUntil: [{ includes: ['g'] }],
        loop: { step: [{ includes: ['h'] }], progress: [{ includes: ['i'] }], maxSteps: 2 },
      },
    }
    expect(() => validateSpec(spec)).not.toThrow()
  })

  it('never quotes the value of a variable', () => {
    const spec = { ...good, env: { TOKEN: 'secret\0value' } } as LaunchSpec
    expect(() => validateSpec(spec)).toThrow(/^(?!.*secret)/)
  })
})

describe('validateFiles', () => {
  const files: [string, LaunchFile, string][] = [
    ['a relative path', { path: 'x', content: '' }, 'Expected `files[0].path` to be an absolute path, got `x`'],
    [
      'a strange mode',
      { path: '/x', content: '', mode: 0o10000 },
      'Expected `files[0].mode` to be permission bits from 0 to 0o7777, got `4096`',
    ],
  ]
  for (const [name, file, message] of files) {
    it(`rejects ${name}`, () => {
      expect(() => validateFiles([file])).toThrow(new LauncherError('invalid_spec', message))
    })
  }
})

describe('LauncherError', () => {
  it('is recognised across copies of the package', () => {
    expect(LauncherError.isInstance(new LauncherError('invalid_spec', 'x'))).toBe(true)
    expect(LauncherError.isInstance(new Error('x'))).toBe(false)
    expect(LauncherError.isInstance(null)).toBe(false)
  })
})
