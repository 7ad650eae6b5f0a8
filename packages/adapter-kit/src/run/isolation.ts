import { isAbsolute } from 'node:path'
import { AdapterError } from '../adapter-error.ts'
import { isRecord } from '../settings/loose-text.ts'
import { shortHash } from './labels.ts'

const modes = ['shared', 'run', 'workspace', 'isolated'] as const

/** Which runs of one agent may run side by side, and where each keeps its files. */
export interface Isolation {
  mode: (typeof modes)[number]
  /** Isolated runs with different keys run side by side; shared runs have none. */
  key: string | null
  keyHash: string | null
  sessionScope: string | null
  workspaceRoot: string | null
  homeRoot: string | null
  tmpRoot: string | null
}

const shared: Isolation = {
  mode: 'shared',
  key: null,
  keyHash: null,
  sessionScope: null,
  workspaceRoot: null,
  homeRoot: null,
  tmpRoot: null,
}

function refuse(message: string): never {
  throw new AdapterError('k8s_isolation_key_invalid', `${message} Correct the run isolation in the agent's settings.`)
}

function textOf(value: unknown, name: string): string | null {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' ? value : refuse(`Run isolation: "${name}" is not a text.`)
}

function rootOf(descriptor: Record<string, unknown>, name: string): string | null {
  const root = textOf(descriptor[name], name)
  if (root !== null && (!isAbsolute(root) || root.split('/').includes('..'))) {
    refuse(`Run isolation: "${name}" is "${root}", expected an absolute path.`)
  }
  return root
}

/** Reads the isolation of a run. `mode: run` needs no key: every run is its own. */
export function readIsolation(descriptor: unknown, runId: string): Isolation {
  if (descriptor === undefined || descriptor === null) return shared
  if (!isRecord(descriptor)) return refuse('Run isolation is not an object.')
  const mode = textOf(descriptor['isolationMode'] ?? descriptor['mode'], 'mode') ?? 'shared'
  const known = modes.find((candidate) => candidate === mode)
  if (!known) return refuse(`Run isolation: mode "${mode}" is none of ${modes.join(', ')}.`)
  if (known === 'shared') return shared
  const key = textOf(descriptor['isolationKey'] ?? descriptor['key'], 'key') ?? (known === 'run' ? runId : null)
  if (key === null) return refuse(`Run isolation: mode "${known}" needs a "key".`)
  return {
    mode: known,
    key,
    keyHash: shortHash(key),
    sessionScope: textOf(descriptor['sessionScope'], 'sessionScope'),
    workspaceRoot: rootOf(descriptor, 'workspaceRoot'),
    homeRoot: rootOf(descriptor, 'homeRoot'),
    tmpRoot: rootOf(descriptor, 'tmpRoot'),
  }
}
