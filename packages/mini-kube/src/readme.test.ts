import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, it } from 'vitest'
import { faultKinds } from './faults/check-fault.ts'
import { fidelityTable } from '../conformance/fidelity.ts'
import * as package_ from './index.ts'

const readme = () => readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('docs/mini-kube.md', () => {
  it('has the generated fidelity table', () => {
    const file = new URL('../../../docs/mini-kube.md', import.meta.url)
    const [start, end] = ['<!-- fidelity -->', '<!-- /fidelity -->']
    const text = readFileSync(file, 'utf8')
    const generated = `${text.slice(0, text.indexOf(start))}${start}\n\n${fidelityTable()}\n\n${text.slice(text.indexOf(end))}`
    if (process.env['UPDATE_README'] === '1') writeFileSync(file, generated)
    // The formatter aligns tables; only their content counts.
    const plain = (value: string) => value.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---')
    expect(plain(text)).toBe(plain(generated))
  })
})

describe('the README', () => {
  it('runs its example', async () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme())?.[1] ?? ''
    const body = stripTypeScriptTypes(code.replaceAll('await using kube = ', 'const kube = '))
      .replace(/^import .*$/gm, '')
      .replaceAll('console.log(', 'printed.push(')
    const printed: string[] = []
    const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
      ...args: string[]
    ) => (...args: unknown[]) => Promise<unknown>
    const kube = (await new AsyncFunction('startMiniKube', 'printed', `${body}\nreturn kube`)(
      package_.startMiniKube,
      printed,
    )) as package_.MiniKube
    await kube.close()
    expect(printed).toEqual(['hello\n'])
  })

  it('names every fault', () => {
    const text = readme()
    expect(faultKinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([])
  })
})
