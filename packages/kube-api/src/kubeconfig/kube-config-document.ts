import { LineCounter, parseDocument } from 'yaml'
import { invalidKubeConfig } from './kube-config-error.ts'

/** One named entry of the file. */
export interface RawEntry {
  readonly fields: Readonly<Record<string, unknown>>
  /** Base of relative paths; undefined for text that is not from a file. */
  readonly folder: string | undefined
  /** The file, or another name for the text, for messages. */
  readonly source: string
}

/** A kubeconfig before its entries are validated, or several of them merged. */
export interface KubeConfigDocument {
  readonly clusters: ReadonlyMap<string, RawEntry>
  readonly users: ReadonlyMap<string, RawEntry>
  readonly contexts: ReadonlyMap<string, RawEntry>
  readonly currentContext: string
}

/** The source of a text. */
export interface DocumentOrigin {
  readonly folder?: string | undefined
  readonly source: string
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseYaml(text: string, source: string): unknown {
  const lines = new LineCounter()
  // A pretty error shows the line around the mistake, which may contain a token.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, stringKeys: true })
  const [error] = document.errors
  if (error) {
    const { line } = lines.linePos(error.pos[0])
    throw invalidKubeConfig(`${source} is not valid YAML (line ${line}, ${error.code}). Correct that line.`)
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    // Its message may contain text of the file, too.
    if (cause instanceof ReferenceError)
      throw invalidKubeConfig(`${source} is not valid YAML: it has too many aliases or an unknown one.`)
    throw cause
  }
}

/** Reads `[{name, <key>: {...}}, …]`. Entries are validated when used, so that a broken one does not affect others. */
function readEntries(
  document: Record<string, unknown>,
  list: string,
  key: string,
  origin: DocumentOrigin,
): Map<string, RawEntry> {
  const entries = new Map<string, RawEntry>()
  const value = document[list]
  if (value === undefined || value === null) return entries
  if (!Array.isArray(value)) throw invalidKubeConfig(`\`${list}\` in ${origin.source} must be a list.`)
  for (const item of value as unknown[]) {
    const name = isRecord(item) ? item['name'] : undefined
    // Nothing can refer to an entry without a name.
    if (!isRecord(item) || typeof name !== 'string') continue
    if (entries.has(name))
      throw invalidKubeConfig(`\`${list}\` in ${origin.source} has two entries named "${name}". Remove one of them.`)
    const fields = item[key]
    entries.set(name, { fields: isRecord(fields) ? fields : {}, folder: origin.folder, source: origin.source })
  }
  return entries
}

/** Parses the text of a kubeconfig, YAML or JSON. An empty one is a kubeconfig without entries. */
export function parseKubeConfigDocument(text: string, origin: DocumentOrigin): KubeConfigDocument {
  const { source } = origin
  const value = parseYaml(text, source) ?? {}
  if (!isRecord(value)) throw invalidKubeConfig(`${source} is not a kubeconfig: it has no fields.`)
  if ((value['kind'] ?? 'Config') !== 'Config' || (value['apiVersion'] ?? 'v1') !== 'v1') {
    throw invalidKubeConfig(`${source} is not a kubeconfig: expected \`apiVersion: v1\` and \`kind: Config\`.`)
  }
  const current = value['current-context'] ?? ''
  if (typeof current !== 'string') throw invalidKubeConfig(`\`current-context\` in ${source} must be a string.`)
  return {
    clusters: readEntries(value, 'clusters', 'cluster', origin),
    users: readEntries(value, 'users', 'user', origin),
    contexts: readEntries(value, 'contexts', 'context', origin),
    currentContext: current,
  }
}

const firstWins = (maps: readonly ReadonlyMap<string, RawEntry>[]): Map<string, RawEntry> =>
  new Map(maps.toReversed().flatMap((map) => Array.from(map)))

/** Merges files as kubectl does: the first file that has an entry or a current context wins, and entries are never mixed. */
export function mergeKubeConfigs(documents: readonly KubeConfigDocument[]): KubeConfigDocument {
  return {
    clusters: firstWins(documents.map(({ clusters }) => clusters)),
    users: firstWins(documents.map(({ users }) => users)),
    contexts: firstWins(documents.map(({ contexts }) => contexts)),
    currentContext: documents.find((each) => each.currentContext !== '')?.currentContext ?? '',
  }
}
