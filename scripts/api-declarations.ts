import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One entry point of a package and what it exports, by name. */
export interface EntryPoint {
  readonly entry: string
  readonly declarations: ReadonlyMap<string, string>
}

/** Takes comments out of a declaration file. Strings in types may hold what looks like one. */
export function withoutComments(text: string): string {
  return text.replaceAll(/("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '$1')
}

const opening = new Set(['{', '(', '['])
const closing = new Set(['}', ')', ']'])
const isBlock = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class|enum|namespace|module|function)\b/

/** Splits a declaration file, whose form is the compiler's, into its top-level statements. */
export function topLevelStatements(text: string): string[] {
  const statements: string[] = []
  let [depth, start] = [0, 0]
  const source = withoutComments(text)
  function end(at: number): void {
    const statement = source.slice(start, at).trim()
    if (statement !== '') statements.push(statement)
    start = at
  }
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] ?? ''
    if (character === '"' || character === "'" || character === '`') {
      const close = source.indexOf(character, at + 1)
      at = close < 0 ? source.length : close
    } else if (opening.has(character)) depth += 1
    else if (closing.has(character)) {
      depth -= 1
      if (depth === 0 && character === '}' && isBlock.test(source.slice(start, at).trim())) end(at + 1)
    } else if (depth === 0 && character === ';') end(at + 1)
  }
  end(source.length)
  return statements
}

const reExport = /^export (?:type )?\{([^}]*)\} from ["']([^"']+)["']/
const reExportAll = /^export \* from ["']([^"']+)["']/
const ownExport = /^export (?:type )?\{([^}]*)\};?$/
const declared =
  /^(?:export )?(?:declare )?(?:default )?(?:abstract )?(?:async )?(?:interface|class|enum|namespace|function|const|let|type)\s+([\w$]+)/

/** `a, type b as c` as pairs of the name there and the name here. */
function namesIn(list: string): [there: string, here: string][] {
  return list.split(',').flatMap((item) => {
    const [there, here] = item
      .trim()
      .replace(/^type /, '')
      .split(' as ')
    return there ? [[there, here ?? there]] : []
  })
}

/** Overloads of a function are several statements of one name. */
function ownDeclarations(statements: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const statement of statements) {
    const [, name] = declared.exec(statement) ?? []
    if (name === undefined) continue
    const text = statement.replace(/^export /, '').replace(/^declare /, '')
    found.set(name, found.has(name) ? `${found.get(name)}\n${text}` : text)
  }
  return found
}

const declarationFile = (from: string, specifier: string): string =>
  join(dirname(from), specifier.replace(/\.(?:js|ts)$/, '.d.ts'))

/** What a declaration file exports, followed through re-exports within the package. */
export function exportedDeclarations(file: string): Map<string, string> {
  const statements = topLevelStatements(readFileSync(file, 'utf8'))
  const own = ownDeclarations(statements)
  const exported = new Map<string, string>()
  for (const statement of statements) {
    const [, list, from] = reExport.exec(statement) ?? []
    const [, all] = reExportAll.exec(statement) ?? []
    const [, locals] = ownExport.exec(statement) ?? []
    const [, name] = declared.exec(statement) ?? []
    if (list !== undefined && from !== undefined) {
      const there = from.startsWith('.') ? exportedDeclarations(declarationFile(file, from)) : new Map<string, string>()
      for (const [theirs, here] of namesIn(list))
        exported.set(here, there.get(theirs) ?? `export { ${theirs} } from '${from}'`)
    } else if (all !== undefined) {
      for (const [each, text] of exportedDeclarations(declarationFile(file, all))) exported.set(each, text)
    } else if (locals !== undefined) {
      for (const [mine, here] of namesIn(locals)) exported.set(here, own.get(mine) ?? `export { ${mine} }`)
    } else if (name !== undefined && statement.startsWith('export ')) exported.set(name, own.get(name) ?? statement)
  }
  return exported
}

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '')
    .join('\n')

/** The text of api.md. */
export function reportOf(name: string, entries: readonly EntryPoint[]): string {
  const sections = entries.map(({ entry, declarations }) => {
    const sorted = [...declarations].sort(([a], [b]) => (a < b ? -1 : 1))
    const title = entry === '.' ? name : `${name}/${entry.replace(/^\.\//, '')}`
    return `## ${title}\n\n\`\`\`ts\n${sorted.map(([, text]) => tidy(text)).join('\n\n')}\n\`\`\`\n`
  })
  return `# API of ${name}\n\nWritten by \`pnpm api\`; do not edit. The meaning of each export is in its TSDoc and in the README.\n\n${sections.join('\n')}`
}
