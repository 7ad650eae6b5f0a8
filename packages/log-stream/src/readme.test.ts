import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const nine = 1_795_251_600_000_000_000n

/** The README's example as a function of what stands around it. */
async function loadExample(): Promise<
  (client: FakeClient, podEnded: Promise<unknown>, save: (cursor: unknown) => void) => Promise<void>
> {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const source = code
    .replace("'@agent-jobs/log-stream'", JSON.stringify(pathToFileURL(join(import.meta.dirname, 'index.ts')).href))
    .replace(/^import .*$/m, (line) => `${line}\nexport async function example(client, podEnded, save) {`)
  const directory = await mkdtemp(join(import.meta.dirname, '.readme-'))
  try {
    const file = join(directory, 'example.mjs')
    await writeFile(file, `${source}\n}\n`)
    const module = (await import(pathToFileURL(file).href)) as { example: Awaited<ReturnType<typeof loadExample>> }
    return module.example
  } finally {
    await rm(directory, { recursive: true })
  }
}

interface FakeClient {
  openLog: FakeKubelet['open']
}

describe('the README', () => {
  it("has an example that prints a container's lines and saves where it stands", async () => {
    const kubelet = new FakeKubelet()
    const frames = framedRun([
      { stream: 'o', bytes: Buffer.from('hello') },
      { stream: 'e', bytes: Buffer.from('oh') },
    ])
    for (const [index, bytes] of frames.entries()) kubelet.writeLine(nine + BigInt(index), bytes)
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const saved: unknown[] = []
    const example = await loadExample()
    await example({ openLog: (request) => kubelet.open({ ...request }) }, kubelet.ended, (cursor) => saved.push(cursor))
    expect(print.mock.calls).toEqual([['stdout', 'hello'], ['stderr', 'oh'], ['complete']])
    expect(saved).toHaveLength(2)
    print.mockRestore()
  })

  it('names every option, every error code and every diagnostic', () => {
    const named = (file: string, pattern: RegExp): string[] =>
      [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(pattern)].map((match) => match[1] ?? '')
    const options = named('follow-options.ts', /^ {2}(\w+)\??: /gm)
    const codes = named('log-stream-error.ts', /^ {2}\| '(\w+)'/gm)
    const diagnostics = named('log-item.ts', /^ {2}\| '(\w+)'/gm)
    expect(options.length).toBeGreaterThan(10)
    expect(diagnostics.length).toBeGreaterThan(10)
    for (const name of [...options, ...codes, ...diagnostics]) expect(readme).toContain(`\`${name}\``)
  })
})
