import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['packages', 'apps'].flatMap((house) => readdirSync(join(root, house)).map((name) => join(house, name)))
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file))
// Stays out of node_modules: its links lead into packages whose tests create and remove folders at the same time.
const examples = globSync('examples/**/README.md', { cwd: root, exclude: (path) => path.endsWith('node_modules') })
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...examples,
  ...folders.map((folder) => join(folder, 'README.md')),
  ...pages,
]
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The anchors of a document's headings, as GitHub and npm make them. */
const anchors = (text: string): string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )

const repository =
  /^https:\/\/(?:github\.com\/agent-jobs\/agent-jobs\/(?:blob|tree)|raw\.githubusercontent\.com\/agent-jobs\/agent-jobs)\/main\//

/** The links of a document outside of its code blocks. */
const linksOf = (document: string): string[] =>
  [
    ...read(document)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, link = '']) => link)

/** Whether a link leads to an existing file and heading; links to other sites are not followed. */
function leadsSomewhere(document: string, link: string): boolean {
  const isOurs = repository.test(link)
  if (/^[a-z]+:/.test(link) && !isOurs) return true
  const [path = '', anchor] = link.replace(repository, '').split('#')
  const from = isOurs ? root : resolve(root, dirname(document))
  const target = path === '' ? document : relative(root, resolve(from, path))
  if (!existsSync(join(root, target))) return false
  if (anchor === undefined) return true
  const page = target.endsWith('.md') ? target : join(target, 'README.md')
  return anchors(read(page)).includes(anchor)
}

describe.each(documents)('%s', (document) => {
  it('links only to existing targets', () => {
    expect(linksOf(document).filter((link) => !leadsSomewhere(document, link))).toEqual([])
  })
})

describe.each(folders.map((folder) => join(folder, 'README.md')))('%s', (document) => {
  it('has only absolute links, which also work on npm', () => {
    expect(linksOf(document).filter((link) => !/^(?:[a-z]+:|#)/.test(link))).toEqual([])
  })
})

/** What a package exports, with the file that declares it. */
function exportsOf(folder: string): { name: string; file: string }[] {
  const index = join(folder, 'src/index.ts')
  if (!existsSync(join(root, index))) return []
  return [...read(index).matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']*)'/g)].flatMap(
    ([, names = '', from = '']) =>
      names
        .split(',')
        .map(
          (name) =>
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0] ?? '',
        )
        .filter(Boolean)
        .map((name) => ({ name, file: join(folder, 'src', from) })),
  )
}

describe.each(folders.filter((folder) => exportsOf(folder).length > 0))('%s', (folder) => {
  it('describes each export', () => {
    const bare = exportsOf(folder).filter(({ name, file }) => {
      const declared = new RegExp(
        `^export (?:async |abstract )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
        'm',
      )
      const text = read(file)
      const at = text.search(declared)
      return !(at >= 0 && text.slice(0, at).trimEnd().endsWith('*/'))
    })
    expect(bare).toEqual([])
  })
})

describe('the side bar of the documentation', () => {
  const config = read('docs/.vitepress/config.ts')
  const links = [...config.matchAll(/link: '(\/[^']*)'/g)].map(([, link = '']) => link)

  it('links only to pages that exist', () => {
    const files = links.map((link) => (link.endsWith('/') ? `docs${link}README.md` : `docs${link}.md`))
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('has every page', () => {
    const top = pages.filter((file) => !file.includes('/adr/') && file !== 'docs/index.md')
    expect(top.filter((file) => !links.includes(file.replace(/^docs|\.md$/g, '')))).toEqual([])
  })
})

describe('the API reference', () => {
  it('names every published package that has exports', () => {
    const published = folders.filter(
      (folder) =>
        existsSync(join(root, folder, 'api.md')) && !/"private": true/.test(read(join(folder, 'package.json'))),
    )
    const page = read('docs/api.md')
    expect(published.length).toBeGreaterThan(15)
    expect(published.filter((folder) => !page.includes(`/${folder}/api.md`))).toEqual([])
  })
})
