import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = 'docs/kubernetes-facts.md'

/** The anchors of the page: explicit ones, and the slugs of its headings. */
function anchors(): Set<string> {
  const text = readFileSync(join(root, page), 'utf8')
  const explicit = [...text.matchAll(/<a id="([\w-]+)"><\/a>/g)].map(([, id = '']) => id)
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  )
  return new Set([...explicit, ...headings])
}

describe('a comment that cites a Kubernetes fact', () => {
  it('links to an existing heading', () => {
    const found = execFileSync('git', ['grep', '-ohE', `${page}#[a-z0-9-]+`, '--', '*.ts', '*.md'], {
      cwd: root,
      encoding: 'utf8',
    })
    const cited = new Set(found.split('\n').flatMap((line) => line.split('#')[1] ?? []))
    expect(cited.size).toBeGreaterThan(5)
    expect([...cited].filter((anchor) => !anchors().has(anchor))).toEqual([])
  })
})
