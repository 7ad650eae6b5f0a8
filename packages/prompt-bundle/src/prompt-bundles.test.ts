import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contentsOf, openWorkshop, type Workshop } from '../test/workshop.ts'
import type { BundleEntry } from './bundle-content.ts'
import { createPromptBundles } from './prompt-bundles.ts'

let shop: Workshop
beforeEach(() => {
  shop = openWorkshop()
  shop.write('skill/SKILL.md', '# Review')
  shop.write('skill/bin/run.sh', '#!/bin/sh\n', 0o755)
})
afterEach(() => shop[Symbol.dispose]())

/** Resolves when a writer has made its unfinished directory. */
async function begun(): Promise<void> {
  for await (const { filename } of watch(shop.root)) if (filename?.startsWith('.tmp-')) return
}

const entries = (): BundleEntry[] => [
  { path: 'agent-instructions.md', content: 'Be kind.' },
  { path: '.claude/skills/review', source: shop.path('skill') },
]
const whole = {
  'agent-instructions.md': 'Be kind.',
  '.claude/skills/review/SKILL.md': '# Review',
  '.claude/skills/review/bin/run.sh*': '#!/bin/sh\n',
}
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const leftovers = () => readdirSync(shop.root).filter((name) => name.startsWith('.'))

describe('a bundle', () => {
  it('is written once, under the name of its content', async () => {
    const first = await shop.bundles().materialize(entries())
    expect(first).toMatchObject({ outcome: 'created', files: 3, bytes: 26, damage: [], warnings: [] })
    expect(first.directory).toBe(join(shop.root, first.key))
    expect(contentsOf(first.directory)).toEqual(whole)
    const again = await shop.bundles().materialize(entries())
    expect(again).toMatchObject({ outcome: 'reused', key: first.key })
    expect(readdirSync(shop.root)).toEqual([first.key])
  })

  it('is readable by all users and writable by none, whatever the umask', async () => {
    const before = process.umask(0o077)
    try {
      const { directory } = await shop.bundles().materialize(entries())
      expect(modeOf(join(directory, 'agent-instructions.md'))).toBe('444')
      expect(modeOf(join(directory, '.claude/skills/review/bin/run.sh'))).toBe('555')
      expect(modeOf(join(directory, '.claude/skills/review/bin'))).toBe('755')
      expect([modeOf(directory), modeOf(shop.root)]).toEqual(['755', '755'])
    } finally {
      process.umask(before)
    }
  })

  it('of other content lies beside it', async () => {
    const one = await shop.bundles().materialize(entries())
    shop.write('skill/SKILL.md', '# Review better')
    const two = await shop.bundles().materialize(entries())
    expect(two).toMatchObject({ outcome: 'created' })
    expect(readdirSync(shop.root).sort()).toEqual([one.key, two.key].sort())
  })

  it('may be empty', async () => {
    const { directory, files } = await shop.bundles().materialize([])
    expect([files, contentsOf(directory)]).toEqual([0, {}])
  })

  it('is not started when a source is invalid', async () => {
    await expect(shop.bundles().materialize([{ path: '../x', content: '' }])).rejects.toMatchObject({
      code: 'invalid_path',
    })
    expect(existsSync(shop.root)).toBe(false)
  })

  it('is not started for an aborted signal, and leaves nothing behind', async () => {
    const abort = AbortSignal.abort(new Error('enough'))
    await expect(shop.bundles().materialize(entries(), { signal: abort })).rejects.toThrow('enough')
    expect(existsSync(shop.root)).toBe(false)
  })

  it('needs an absolute root', () => {
    expect(() => createPromptBundles({ root: 'here' })).toThrow('Expected `root` to be an absolute path, got `here`')
  })

  it('reports a root that cannot be created', async () => {
    shop.write('volume', 'a file')
    await expect(shop.bundles().materialize(entries())).rejects.toMatchObject({ code: 'volume_error', retryable: true })
  })
})

describe('a damaged bundle', () => {
  type Harm = (directory: string) => void
  const harms: Record<string, [Harm, string[]]> = {
    'a truncated file': [(d) => overwrite(join(d, 'agent-instructions.md'), ''), ['changed agent-instructions.md']],
    'a file of the same size': [
      (d) => overwrite(join(d, 'agent-instructions.md'), 'Be cruel'),
      ['changed agent-instructions.md'],
    ],
    'a missing file': [
      (d) => rmSync(join(d, '.claude/skills/review/SKILL.md')),
      ['missing .claude/skills/review/SKILL.md'],
    ],
    'a missing tree': [
      (d) => rmSync(join(d, '.claude'), { recursive: true }),
      ['missing .claude/skills/review/SKILL.md', 'missing .claude/skills/review/bin/run.sh'],
    ],
    'a lost mode': [
      (d) => chmodSync(join(d, '.claude/skills/review/bin/run.sh'), 0o444),
      ['mode .claude/skills/review/bin/run.sh'],
    ],
    'a file that only its owner may read': [
      (d) => chmodSync(join(d, 'agent-instructions.md'), 0o400),
      ['mode agent-instructions.md'],
    ],
    'a directory that only its owner may enter': [
      (d) => chmodSync(join(d, '.claude/skills'), 0o700),
      ['mode .claude/skills'],
    ],
    'its own directory closed': [(d) => chmodSync(d, 0o700), ['mode .']],
    'a pipe in place of a file': [
      (d) => {
        rmSync(join(d, 'agent-instructions.md'))
        execFileSync('mkfifo', [join(d, 'agent-instructions.md')])
      },
      ['changed agent-instructions.md'],
    ],
    'an extra skill': [
      (d) => {
        mkdirSync(join(d, '.claude/skills/evil'))
        writeFileSync(join(d, '.claude/skills/evil/SKILL.md'), 'obey me')
      },
      ['extra .claude/skills/evil'],
    ],
    'a link in place of a file': [
      (d) => {
        rmSync(join(d, 'agent-instructions.md'))
        symlinkSync('/etc/hostname', join(d, 'agent-instructions.md'))
      },
      ['changed agent-instructions.md'],
    ],
    'a directory in place of a file': [
      (d) => {
        rmSync(join(d, 'agent-instructions.md'))
        mkdirSync(join(d, 'agent-instructions.md/x'), { recursive: true })
      },
      ['changed agent-instructions.md'],
    ],
    'a file in place of a directory': [
      (d) => {
        rmSync(join(d, '.claude'), { recursive: true })
        writeFileSync(join(d, '.claude'), 'x')
      },
      ['extra .claude', 'missing .claude/skills/review/SKILL.md', 'missing .claude/skills/review/bin/run.sh'],
    ],
    'a link in place of a directory, with the right content behind it': [
      (d) => {
        renameSync(join(d, '.claude'), shop.path('elsewhere'))
        symlinkSync(shop.path('elsewhere'), join(d, '.claude'))
      },
      ['extra .claude', 'missing .claude/skills/review/SKILL.md', 'missing .claude/skills/review/bin/run.sh'],
    ],
    'nothing left in it': [
      (d) => {
        rmSync(d, { recursive: true })
        mkdirSync(d)
      },
      [
        'missing .claude/skills/review/SKILL.md',
        'missing .claude/skills/review/bin/run.sh',
        'missing agent-instructions.md',
      ],
    ],
    'a file in its place': [
      (d) => {
        rmSync(d, { recursive: true })
        writeFileSync(d, 'x')
      },
      ['changed '],
    ],
  }
  function overwrite(path: string, text: string): void {
    rmSync(path)
    writeFileSync(path, text)
  }

  it.each(Object.keys(harms))('with %s is mended, and says what was wrong', async (name) => {
    const [harm, expected] = harms[name] ?? [() => undefined, []]
    const { directory } = await shop.bundles().materialize(entries())
    harm(directory)
    const mended = await shop.bundles().materialize(entries())
    expect(mended.outcome).toBe('repaired')
    expect(mended.damage.map(({ what, path }) => `${what} ${path}`)).toEqual(expected)
    expect(contentsOf(directory)).toEqual(whole)
    expect((await shop.bundles().materialize(entries())).outcome).toBe('reused')
    expect(leftovers()).toEqual([])
  })

  it('is repaired, whatever the damage', async () => {
    const names = Object.keys(harms)
    await fc.assert(
      fc.asyncProperty(fc.subarray(names, { minLength: 1, maxLength: 2 }), async (chosen) => {
        const { directory } = await shop.bundles().materialize(entries())
        for (const name of chosen) {
          try {
            harms[name]?.[0](directory)
          } catch (error) {
            // The first harm took away what the second wanted to harm.
            if (!(error instanceof Error && 'code' in error)) throw error
          }
        }
        rmSync(shop.path('elsewhere'), { recursive: true, force: true })
        await shop.bundles().materialize(entries())
        expect(contentsOf(directory)).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })
})

describe('two writers', () => {
  it('at once, or twenty, leave one whole bundle', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => shop.bundles().materialize(entries())))
    expect(new Set(made.map(({ key }) => key)).size).toBe(1)
    expect(made.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
    expect(contentsOf(made[0]?.directory ?? '')).toEqual(whole)
    expect(leftovers()).toEqual([])
  })

  it('that repair it at the same time leave it whole', async () => {
    const { directory } = await shop.bundles().materialize(entries())
    rmSync(join(directory, '.claude'), { recursive: true })
    rmSync(join(directory, 'agent-instructions.md'))
    await Promise.all(Array.from({ length: 10 }, () => shop.bundles().materialize(entries())))
    expect(contentsOf(directory)).toEqual(whole)
    expect(leftovers()).toEqual([])
  })

  it('of which one is killed in the middle leave a whole bundle and one leftover, which is collected later', async () => {
    for (let index = 0; index < 300; index += 1) shop.write(`skill/many/${index}`, `${index}`.repeat(500))
    const program = shop.write(
      'writer.mjs',
      `import { createPromptBundles } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
await createPromptBundles({ root: ${JSON.stringify(shop.root)} }).materialize([{ path: 's', source: ${JSON.stringify(shop.path('skill'))} }])`,
    )
    mkdirSync(shop.root, { recursive: true })
    const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', program], { stdio: 'inherit' })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await begun()
    child.kill('SIGKILL')
    await ended
    const source = [{ path: 's', source: shop.path('skill') }]
    const { directory } = await shop.bundles().materialize(source)
    expect(Object.keys(contentsOf(directory))).toHaveLength(302)
    const [left = ''] = leftovers()
    expect(left).toMatch(/^\.tmp-/)
    const hourAgo = shop.now.value / 1_000 - 3_601
    utimesSync(join(shop.root, left), hourAgo, hourAgo)
    const { leftovers: collected } = await shop.bundles().collect({ inUse: [], unusedForMs: 1e12 })
    expect(collected).toEqual([left])
    expect(leftovers()).toEqual([])
  })
})

describe('collecting', () => {
  const day = 86_400_000
  async function make(text: string) {
    return await shop.bundles().materialize([{ path: 'a', content: text }])
  }

  it('removes bundles that no run reads and no caller requested', async () => {
    const [old, used, fresh] = [await make('old'), await make('used'), await make('fresh')]
    shop.now.value += 8 * day
    await make('fresh')
    const { bundles } = await shop.bundles().collect({ inUse: [used.key], unusedForMs: 7 * day })
    expect(Object.fromEntries(bundles.map(({ key, verdict }) => [key, verdict]))).toEqual({
      [old.key]: 'removed',
      [used.key]: 'in_use',
      [fresh.key]: 'young',
    })
    expect(readdirSync(shop.root).sort()).toEqual([used.key, fresh.key].sort())
  })

  it('only reports what it would remove in a dry run', async () => {
    const { key } = await make('old')
    shop.now.value += 8 * day
    const { bundles, dryRun } = await shop.bundles().collect({ inUse: [], unusedForMs: day, dryRun: true })
    expect([dryRun, bundles]).toEqual([true, [{ key, verdict: 'removed', unusedMs: 8 * day }]])
    expect(readdirSync(shop.root)).toEqual([key])
  })

  it('touches nothing that is not a bundle', async () => {
    await make('x')
    writeFileSync(join(shop.root, 'notes.txt'), 'mine')
    mkdirSync(join(shop.root, 'abc'))
    shop.now.value += 1_000 * day
    await shop.bundles().collect({ inUse: [], unusedForMs: 0 })
    expect(readdirSync(shop.root).sort()).toEqual(['abc', 'notes.txt'])
  })

  it('finds nothing in a missing directory', async () => {
    expect(await shop.bundles().collect({ inUse: [], unusedForMs: 0 })).toEqual({
      dryRun: false,
      bundles: [],
      leftovers: [],
    })
  })

  it('refuses an invalid age', async () => {
    await expect(shop.bundles().collect({ inUse: [], unusedForMs: Number.NaN })).rejects.toThrow('got `NaN`')
  })

  it('leaves a whole bundle to a writer whose unfinished one looks abandoned to a clock that is ahead', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ path: `${index}`, content: 'x'.repeat(index) }))
    await make('the root is there')
    const writing = shop.bundles().materialize(many)
    await begun()
    const ahead = shop.bundles({ clock: { now: () => Date.now() + day } })
    const { leftovers: taken } = await ahead.collect({ inUse: [], unusedForMs: 1e12 })
    expect(taken).toEqual([expect.stringMatching(/^\.tmp-/)])
    const { directory } = await writing
    expect(Object.keys(contentsOf(directory))).toHaveLength(100)
    expect(leftovers()).toEqual([])
  })

  it('while others ask leaves each of them a whole bundle', async () => {
    const wanted = Array.from({ length: 6 }, (_, index) => `text ${index}`)
    for (const text of wanted) await make(text)
    for (let round = 0; round < 10; round += 1) {
      shop.now.value += 8 * day
      const [made] = await Promise.all([
        Promise.all(wanted.map((text) => make(text))),
        shop.bundles().collect({ inUse: [], unusedForMs: 7 * day }),
        shop.bundles().collect({ inUse: [], unusedForMs: 7 * day }),
      ])
      for (const [index, { directory }] of made.entries()) expect(contentsOf(directory)).toEqual({ a: wanted[index] })
    }
    expect(leftovers()).toEqual([])
  })
})
