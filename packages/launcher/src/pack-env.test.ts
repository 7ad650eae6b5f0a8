import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapCommand } from './bootstrap-command.ts'
import { LauncherError } from './launcher-error.ts'
import { maxSecretBytes, packEnv, secretBytes } from './pack-env.ts'
import { programText } from './program-text.generated.ts'

const spec = { version: 1 as const, argv: ['claude'] }
const unpack = (env: Record<string, string>, name: string): Buffer => {
  const chunks = Object.keys(env).filter((key) => key.startsWith(`AGENT_JOBS_${name}_`))
  return gunzipSync(Buffer.from(chunks.map((_, n) => env[`AGENT_JOBS_${name}_${n}`]).join(''), 'base64'))
}

describe('packEnv', () => {
  it('returns the program and the spec, and nothing for missing input', () => {
    expect(packEnv(spec)).toEqual({ AGENT_JOBS_LAUNCHER: programText, AGENT_JOBS_SPEC: JSON.stringify(spec) })
  })

  it('packs stdin of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (stdin) => {
        expect(unpack(packEnv(spec, { stdin }), 'STDIN').equals(Buffer.from(stdin))).toBe(true)
      }),
    )
  })

  it('tells an empty stdin from none', () => {
    expect(unpack(packEnv(spec, { stdin: '' }), 'STDIN')).toHaveLength(0)
  })

  it('cuts large input into values that an environment takes', () => {
    const stdin = randomBytes(300_000)
    const env = packEnv(spec, { stdin })
    expect(Object.keys(env).filter((key) => key.startsWith('AGENT_JOBS_STDIN_')).length).toBeGreaterThan(3)
    for (const value of Object.values(env)) expect(value.length).toBeLessThan(128 * 1024)
    expect(unpack(env, 'STDIN').equals(stdin)).toBe(true)
  })

  it('packs files with their modes', () => {
    const files = [
      { path: '/a', content: 'text' },
      { path: '/b', content: Uint8Array.of(0, 255), mode: 0o700 },
    ]
    expect(JSON.parse(unpack(packEnv(spec, { files }), 'FILES').toString())).toEqual([
      { path: '/a', contentBase64: 'dGV4dA==' },
      { path: '/b', contentBase64: 'AP8=', mode: 0o700 },
    ])
  })

  it('rejects input too large for a Secret, and says what to do', () => {
    const pack = (): unknown => packEnv(spec, { stdin: randomBytes(800_000) })
    expect(pack).toThrow(/^Expected stdin, files and spec to fit into one Secret .* Put large input on a volume/)
    expect(pack).toThrow(expect.objectContaining({ code: 'input_too_large' }))
  })

  it('rejects a spec too large for an environment value', () => {
    const pack = (): unknown => packEnv({ ...spec, argv: ['x', 'y'.repeat(131_000)] })
    expect(pack).toThrow(/^Expected a spec of at most 131000 bytes as JSON, got 1310\d\d\. Pass long texts as stdin/)
  })

  it('rejects an invalid spec', () => {
    expect(() => packEnv({ ...spec, argv: [] })).toThrow(LauncherError)
  })

  it('counts the size of the Secret', () => {
    expect(secretBytes({ ab: 'cde', ä: 'ü' })).toBe(9)
    expect(secretBytes(packEnv(spec))).toBeLessThan(maxSecretBytes / 20)
  })
})

describe('the program', () => {
  it('is small', () => {
    expect(Buffer.byteLength(programText)).toBeLessThan(28 * 1024)
  })

  it('is started by the image’s node from the environment', () => {
    expect(bootstrapCommand()).toEqual(['node', '-e', 'eval(process.env.AGENT_JOBS_LAUNCHER)'])
  })
})
