/**
 * The house, from top to bottom. A package may import only packages that stand below it, so arrows point down.
 * Packages that share a row do not import each other.
 */
export const house: readonly (readonly string[])[] = [
  ['cli'],
  ['adapter-claude-k8s', 'adapter-codex-k8s', 'adapter-opencode-k8s'],
  ['paperclip-testing'],
  ['manifests'],
  ['adapter-kit'],
  ['agent-run'],
  ['k8s-job-runner'],
  ['log-stream'],
  ['launcher'],
  ['claude-stream-parser', 'codex-stream-parser', 'opencode-stream-parser'],
  ['stream-parser-core'],
  ['orphan-classifier'],
  ['prompt-bundle'],
  ['kube-api'],
  ['mini-kube'],
  ['scripted-model'],
  ['metrics'],
  ['frames'],
  ['primitives'],
]

/** Packages that only demos and tests may use: no production package imports them, the CLI does. */
export const testOnly: readonly string[] = ['mini-kube', 'scripted-model', 'paperclip-testing']

export interface Import {
  readonly from: string
  readonly to: string
  readonly file: string
  readonly test: boolean
}

/** Says why an import breaks the rule, or null when it keeps it. */
export function judgeImport({ from, to, file, test }: Import): string | null {
  const rowOf = (name: string) => house.findIndex((row) => row.includes(name))
  const [fromRow, toRow] = [rowOf(from), rowOf(to)]
  if (fromRow < 0) return `${from} stands nowhere in the house (scripts/arrows.ts); give it a row`
  if (toRow < 0) return `${file} imports ${to}, which stands nowhere in the house (scripts/arrows.ts)`
  if (test) return null
  if (toRow <= fromRow) return `${file}: ${from} imports ${to}, which does not stand below it`
  if (testOnly.includes(to) && from !== 'cli' && !testOnly.includes(from))
    return `${file}: ${from} is a production package and imports ${to}`
  return null
}
