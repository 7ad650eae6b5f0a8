/** Where a documented command is executed. */
export type Place = 'here' | 'mini-kube' | 'cluster' | 'ci'

/** A block of shell commands in a document. */
export interface ShellBlock {
  readonly file: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** The commands: the whole block, or what follows `$ ` in a console session. */
  readonly commands: string
  /** Where tests execute it; empty if nothing does. */
  readonly places: readonly Place[]
  /** Why nothing executes it; undefined if something does, or if the document does not say. */
  readonly reason: string | undefined
}

const fence = /^([ ]*)```(?:sh|bash|shell|console)\b([^\n]*)\n([\s\S]*?)^\1```$/gm
const places: ReadonlySet<string> = new Set(['here', 'mini-kube', 'cluster', 'ci'])

/**
 * The shell blocks of a document. The words after a fence's language say how a block is tested:
 * `run=mini-kube,cluster` names places, `not-run="needs Docker"` gives a reason.
 */
export function readBlocks(file: string, markdown: string): ShellBlock[] {
  return [...markdown.matchAll(fence)].map((found) => {
    const [all, indent = '', words = '', body = ''] = found
    const text = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    const named = /\brun=([\w,-]+)/.exec(words.replace(/not-run="[^"]*"/, ''))?.[1]?.split(',') ?? []
    const unknown = named.filter((name) => !places.has(name))
    if (unknown.length > 0) throw new Error(`${file} names an unknown place: ${unknown.join(', ')}`)
    return {
      file,
      line: markdown.slice(0, found.index).split('\n').length,
      commands: all.includes('```console') ? session(text) : text,
      places: named as Place[],
      reason: /\bnot-run="([^"]+)"/.exec(words)?.[1],
    }
  })
}

function session(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => `${line.slice(2)}\n`)
    .join('')
}

/** Whether a block only installs packages; `pnpm check:packages` does what it says, from the tarballs. */
export const onlyInstalls = ({ commands }: ShellBlock): boolean =>
  commands.split('\n').every((line) => line === '' || /^npm install (?:--[\w-]+ )*@agent-jobs\//.test(line))
