import type { MountIdentity, LaunchFile, LaunchSpec, LinePattern } from './launch-spec.ts'
import { LauncherError } from './launcher-error.ts'

// The longest duration that a timer accepts; a longer one would fire at once.
const maxTimerMs = 2_147_483_647

/** Throws a {@link LauncherError} that names the first field that the program cannot work with. */
export function validateSpec(spec: LaunchSpec): void {
  expect(spec.version === 1, 'version', 'the number 1', spec.version)
  expect(isStrings(spec.argv) && spec.argv.length > 0, 'argv', 'a non-empty array of strings', spec.argv)
  expect(spec.argv[0] !== '', 'argv[0]', 'the name or path of a command', spec.argv[0])
  for (const [index, text] of spec.argv.entries()) expectNoNul(`argv[${index}]`, text)
  if (spec.cwd !== undefined) expectPath('cwd', spec.cwd)
  if (spec.outputDirectory !== undefined) expectPath('outputDirectory', spec.outputDirectory)
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    expect(name !== '' && !name.includes('='), 'env', 'names without `=`', name)
    expect(typeof value === 'string', `env.${name}`, 'a string', typeof value)
    expectNoNul(`env.${name}`, value)
  }
  if (spec.unsetEnv !== undefined) expect(isStrings(spec.unsetEnv), 'unsetEnv', 'an array of strings', spec.unsetEnv)
  for (const [index, path] of (spec.prependPath ?? []).entries()) {
    expectPath(`prependPath[${index}]`, path)
    expect(!path.includes(':'), `prependPath[${index}]`, 'a path without `:`', path)
  }
  if (spec.journal !== undefined) {
    expectPath('journal.path', spec.journal.path)
    expectPositive('journal.maxBytes', spec.journal.maxBytes)
    const { startsOnce } = spec.journal
    expect(startsOnce === undefined || typeof startsOnce === 'boolean', 'journal.startsOnce', 'a boolean', startsOnce)
  }
  const { totalMs, idleMs, hangAfterFinishMs, killGraceMs, maxOutputBytes } = spec.limits ?? {}
  expectSpan('limits.totalMs', totalMs)
  expectSpan('limits.idleMs', idleMs)
  expectSpan('limits.hangAfterFinishMs', hangAfterFinishMs)
  expectSpan('limits.killGraceMs', killGraceMs)
  expectPositive('limits.maxOutputBytes', maxOutputBytes)
  if (spec.proxy !== undefined) {
    const { targetUrl, tokenFile, envUrl, envToken, holdMs, refreshMs } = spec.proxy
    expect(isHttpUrl(targetUrl), 'proxy.targetUrl', 'an http or https URL', targetUrl)
    expectPath('proxy.tokenFile', tokenFile)
    expect(isName(envUrl), 'proxy.envUrl', 'the name of a variable', envUrl)
    if (envToken !== undefined) expect(isName(envToken), 'proxy.envToken', 'the name of a variable', envToken)
    expectSpan('proxy.holdMs', holdMs)
    expectSpan('proxy.refreshMs', refreshMs)
  }
  for (const [index, mount] of (spec.mounts ?? []).entries()) expectMount(`mounts[${index}]`, mount)
  if (spec.finish !== undefined) {
    const { turnsOverlap, loop, ...lists } = spec.finish
    expect(
      turnsOverlap === undefined || typeof turnsOverlap === 'boolean',
      'finish.turnsOverlap',
      'a boolean',
      turnsOverlap,
    )
    expectPatterns('finish.workDone', lists.workDone)
    for (const name of ['turnBegins', 'turnEnds', 'heldFrom', 'heldUntil'] as const) {
      const list = lists[name]
      if (list !== undefined) expectPatterns(`finish.${name}`, list)
    }
    if (loop !== undefined) {
      expectPatterns('finish.loop.step', loop.step)
      expectPatterns('finish.loop.progress', loop.progress)
      expectPositive('finish.loop.maxSteps', loop.maxSteps)
    }
  }
}

/** Throws a {@link LauncherError} that names the first file that the program cannot write. */
export function validateFiles(files: LaunchFile[]): void {
  for (const [index, file] of files.entries()) {
    expectPath(`files[${index}].path`, file.path)
    const { mode } = file
    const good = mode === undefined || (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)
    expect(good, `files[${index}].mode`, 'permission bits from 0 to 0o7777', mode)
  }
}

function expect(good: boolean, field: string, wanted: string, got: unknown): asserts good {
  if (good) return
  throw new LauncherError('invalid_spec', `Expected \`${field}\` to be ${wanted}, got \`${shown(got)}\``)
}

// Never the value of a variable: it may be a secret. The callers pass names, paths, numbers and types only.
function shown(got: unknown): string {
  return typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got))
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isHttpUrl(text: string): boolean {
  return typeof text === 'string' && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function isName(name: string): boolean {
  return typeof name === 'string' && /^[^=\0]+$/.test(name)
}

function expectMount(field: string, { path, inode, device }: MountIdentity): void {
  expectPath(`${field}.path`, path)
  expect(isDecimal(inode), `${field}.inode`, 'a decimal number as a string', inode)
  expect(device === undefined || isDecimal(device), `${field}.device`, 'a decimal number as a string', device)
}

function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}$/.test(value)
}

function expectNoNul(field: string, text: string): void {
  expect(!text.includes('\0'), field, 'free of NUL characters', 'a text with NUL')
}

function expectPath(field: string, path: string): void {
  expect(typeof path === 'string' && path.startsWith('/'), field, 'an absolute path', path)
  expectNoNul(field, path)
}

function expectSpan(field: string, ms: number | undefined): void {
  const good = ms === undefined || (Number.isFinite(ms) && ms >= 0 && ms <= maxTimerMs)
  expect(good, field, `milliseconds from 0 to ${maxTimerMs}`, ms)
}

function expectPositive(field: string, value: number | undefined): void {
  expect(value === undefined || (Number.isSafeInteger(value) && value > 0), field, 'a positive whole number', value)
}

function expectPatterns(field: string, patterns: readonly LinePattern[]): void {
  const good = Array.isArray(patterns) && patterns.length > 0 && patterns.length <= 50
  expect(good, field, 'a list of 1 to 50 line patterns', patterns)
  for (const [index, pattern] of patterns.entries()) {
    expectTokens(`${field}[${index}].includes`, pattern?.includes)
    for (const tokens of pattern.unless ?? []) expectTokens(`${field}[${index}].unless`, tokens)
  }
}

function expectTokens(field: string, tokens: readonly string[]): void {
  const good = isStrings(tokens) && tokens.length > 0 && tokens.every((t) => t !== '' && !t.includes('\n'))
  expect(good, field, 'a non-empty array of non-empty strings without newlines', tokens)
  for (const token of tokens)
    expect(token.length <= 1000, field, 'made of strings of at most 1,000 characters', token.length)
}
