import { execFile } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programCommands } from '../test/program-flags.ts'
import { installCli, type InstalledCli } from '../test/installed-cli.ts'

let cli: InstalledCli
let evil = ''
beforeAll(async () => {
  cli = await installCli()
  evil = join(cli.folder, 'evil.env')
  await writeFile(join(cli.folder, 'evil.cjs'), "console.error('EVIL CODE RAN')\n")
  await writeFile(evil, `NODE_OPTIONS=--require ${join(cli.folder, 'evil.cjs')}\nGIVEN=1\n`)
}, 120_000)
afterAll(() => cli?.[Symbol.asyncDispose]())

const commands = programCommands()

describe('the installed agent-jobs', () => {
  it('prints its version', async () => {
    const manifest = JSON.parse(await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'))
    for (const flag of ['--version', '-V']) {
      expect(await cli.run([flag])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
    }
  })

  it.each(commands.map((path) => [path.join(' '), path] as const))('shows the help of `%s`', async (_name, path) => {
    const { code, out, err } = await cli.run([...path, '--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`Usage: agent-jobs ${path.join(' ')}`)
  })

  it.each(commands.map((path) => [path.join(' '), path] as const))(
    'does not let Node load the file of --env-file in `%s`',
    async (_name, path) => {
      for (const option of [['--env-file', evil], [`--env-file=${evil}`], [`--env-file-if-exists=${evil}`]]) {
        const { code, err } = await cli.run([...path, ...option])
        expect(err).not.toContain('EVIL')
        // Wrong usage, or no cluster for those who take such a file themselves; Node would end with 9 for a missing one.
        expect([1, 2]).toContain(code)
      }
    },
  )

  it('reads the file of `run --env-file` itself', async () => {
    const args = ['run', '-n', 'agents', '--image', 'agent:1', '-p', 'Say hello', '--dry-run']
    const shown = await cli.run([...args, '--env-file', evil])
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toMatch(/GIVEN: \(hidden\)/)
    expect(await cli.run([...args, '--env-file', 'absent'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Cannot read the variables in absent'),
    })
  })

  it('reads a template with a package that is loaded on demand', async () => {
    const template = join(cli.folder, 'template.yaml')
    await writeFile(template, 'spec:\n  priorityClassName: low\n')
    const args = ['run', '-n', 'agents', '--image', 'agent:1', 'Say hello', '--template', template, '--dry-run']
    expect(await cli.run(args)).toMatchObject({ code: 0, out: expect.stringContaining('priorityClassName: low') })
  })

  it('asks for a newer Node in one sentence', async () => {
    const old = join(cli.folder, 'old.cjs')
    await writeFile(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })\n",
    )
    const program = join(dirname(cli.bin), '../@agent-jobs/cli/bin/agent-jobs.js')
    const err = await new Promise<string>((resolve) => {
      execFile(process.execPath, ['--require', old, '--', program, '--help'], (_error, _out, stderr) => resolve(stderr))
    })
    expect(err).toMatch(/^error: agent-jobs needs Node\.js 22\.19 or newer, and this is 20\.19\.0 [^\n]*\n$/)
  })

  it('runs without any other package', async () => {
    const manifest = JSON.parse(
      await readFile(join(dirname(cli.bin), '../@agent-jobs/cli/package.json'), 'utf8'),
    ) as Record<string, unknown>
    expect(manifest['dependencies'] ?? {}).toEqual({})
    expect(await readFile(join(dirname(cli.bin), '../@agent-jobs/cli/dist/THIRD-PARTY-LICENSES.txt'), 'utf8')).toMatch(
      /commander \d/,
    )
  })

  it('loads no more code at its start than its budget', async () => {
    const dist = join(dirname(cli.bin), '../@agent-jobs/cli/dist')
    const chunk = async (name: string): Promise<string> => {
      const found = (await readdir(join(dist, 'chunks'))).find((file) => file.startsWith(`${name}-`))
      return join(dist, 'chunks', found ?? `${name} is missing`)
    }
    const kib = {
      '--version': (await loadedBytes(join(dist, 'main.js'))) / 1024,
      '--help': (await loadedBytes(await chunk('run-cli'))) / 1024,
      ps: (await loadedBytes(await chunk('ps'))) / 1024,
    }
    // Node compiles about 10 MB a second of them on a small machine.
    expect(kib['--version']).toBeLessThan(20)
    expect(kib['--help']).toBeLessThan(180)
    expect(kib.ps).toBeLessThan(1800)
  })

  it('takes less than 60 MB on disk, the kubernetes client not among it', async () => {
    const installed = join(dirname(cli.bin), '../@agent-jobs/cli')
    const files = (await readdir(installed, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_000_000)
    expect(await readFile(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')).not.toContain(
      '@kubernetes/client-node',
    )
  })
})

/** The bytes of a module and of all that it imports statically. */
async function loadedBytes(entry: string): Promise<number> {
  const seen = new Map<string, number>()
  const load = async (file: string): Promise<void> => {
    if (seen.has(file)) return
    seen.set(file, 0)
    const text = await readFile(file, 'utf8')
    seen.set(file, text.length)
    for (const [, path = ''] of text.matchAll(/(?:from|import)"(\.[^"]+)"/g)) await load(join(dirname(file), path))
  }
  await load(entry)
  return [...seen.values()].reduce((sum, size) => sum + size, 0)
}
