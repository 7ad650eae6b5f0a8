import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { adapterErrors } from '../apps/cli/src/errors/adapter-errors.ts'
import { errorSections } from './troubleshooting-page.ts'

const page = readFileSync(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8')
const bare = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

it('docs/troubleshooting.md has every error code of the adapters (scripts/write-pages.ts writes it)', () => {
  const [, written = ''] = /<!-- codes[^>]*-->([\s\S]*)<!-- \/codes -->/.exec(page) ?? []
  expect(bare(written)).toBe(bare(errorSections()))
})

it('docs/troubleshooting.md has a meaning and a remedy for the codes of each agent', () => {
  const codes = adapterErrors()
  expect(codes.size).toBeGreaterThan(55)
  expect([...codes.keys()]).toEqual(
    expect.arrayContaining(['claude_truncated', 'session_db_damaged', 'k8s_run_lost', 'oom_killed']),
  )
  const incomplete = [...codes].filter(([, rows]) =>
    rows.some(({ means, todo }) => !means.endsWith('.') || !todo.endsWith('.')),
  )
  expect(incomplete).toEqual([])
})
