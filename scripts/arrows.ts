/**
 * The layers of packages, from top to bottom. A package may import only packages below it; packages in the same row do
 * not import each other.
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
  ['metrics', 'tracing'],
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

/** Returns why an import breaks the rule, or null if it does not. */
export function judgeImport({ from, to, file, test }: Import): string | null {
  const rowOf = (name: string) => house.findIndex((row) => row.includes(name))
  const [fromRow, toRow] = [rowOf(from), rowOf(to)]
  if (fromRow < 0) return `${from} is not in the list of layers in scripts/arrows.ts; add it`
  if (toRow < 0) return `${file} imports ${to}, which is not in the list of layers in scripts/arrows.ts`
  if (test) return null
  if (toRow <= fromRow) return `${file}: ${from} imports ${to}, which is not below it in scripts/arrows.ts`
  if (testOnly.includes(to) && from !== 'cli' && !testOnly.includes(from))
    return `${file}: ${from} is a production package and imports ${to}`
  return null
}
