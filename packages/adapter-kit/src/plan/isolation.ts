import { isAbsolute } from 'node:path'
import { AdapterError } from '../adapter-error.ts'
import { isRecord } from '../settings/loose-text.ts'
import { shortHash } from '../pod/labels.ts'

const modes = ['shared', 'run', 'workspace', 'isolated'] as const

/** Which runs of one agent may run concurrently, and where each keeps its files. */
export interface Isolation {
  mode: (typeof modes)[number]
  /** Isolated runs with different keys run concurrently; shared runs have none. */
  key: string | null
  keyHash: string | null
  sessionScope: string | null
  workspaceRoot: string | null
  homeRoot: string | null
  /** Where the agent keeps its sessions; below the home by default. */
  sessionRoot: string | null
  cacheRoot: string | null
  tmpRoot: string | null
}

const shared: Isolation = {
  mode: 'shared',
  key: null,
  keyHash: null,
  sessionScope: null,
  workspaceRoot: null,
  homeRoot: null,
  sessionRoot: null,
  cacheRoot: null,
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

/** Reads the isolation of a run. `mode: run` needs no key: each run gets its own. */
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
    sessionRoot: rootOf(descriptor, 'sessionRoot'),
    cacheRoot: rootOf(descriptor, 'cacheRoot'),
    tmpRoot: rootOf(descriptor, 'tmpRoot'),
  }
}

/** The folders that only this isolated run uses. */
export function isolationRoots({ workspaceRoot, homeRoot, sessionRoot, cacheRoot, tmpRoot }: Isolation): string[] {
  return [workspaceRoot, homeRoot, sessionRoot, cacheRoot, tmpRoot].filter((root) => root !== null)
}

/** Redirects caches and temporary files of programs into the run's own folders. */
export function isolationVariables({ cacheRoot, tmpRoot }: Isolation): Record<string, string> {
  return {
    // Go, pip and Playwright use XDG_CACHE_HOME on their own.
    ...(cacheRoot === null
      ? {}
      : {
          XDG_CACHE_HOME: cacheRoot,
          npm_config_cache: `${cacheRoot}/npm`,
          BUN_INSTALL_CACHE_DIR: `${cacheRoot}/bun`,
          GOMODCACHE: `${cacheRoot}/go-mod`,
        }),
    ...(tmpRoot === null ? {} : { TMPDIR: tmpRoot, TMP: tmpRoot, TEMP: tmpRoot }),
  }
}
