import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Isolation, VolumeView } from '@agent-jobs/adapter-kit'

/** Where a run keeps files that outlive its pod. */
export interface CodexPlaces {
  /** Folder of rollout files. */
  sessions: string
  /** The login that Codex refreshes. */
  login: string
}

/** A folder name for a task, unique among tasks. */
export function taskFolder(taskId: string | null): string {
  if (taskId === null) return '_no_task_'
  const readable = taskId.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '_')
  if (readable === taskId && readable.length <= 100) return readable
  return `${readable.slice(0, 80)}-${createHash('sha256').update(taskId).digest('hex').slice(0, 12)}`
}

/**
 * The places of a run. Sessions are apart by task and by key of isolation, so that runs which may be at work at the same
 * time never share a thread. Codex guards a thread only within one CODEX_HOME, and each pod has its own.
 */
export function codexPlaces(input: {
  stateDirectory: string
  runDirectory: string
  taskId: string | null
  isolation: Pick<Isolation, 'mode' | 'keyHash'>
}): CodexPlaces {
  const { stateDirectory, runDirectory, taskId, isolation } = input
  const root = posix.join(stateDirectory, 'codex')
  const login = posix.join(root, 'auth.json')
  // A run with its own key has nothing to continue.
  if (isolation.mode === 'run') return { sessions: posix.join(runDirectory, 'sessions'), login }
  const apart = isolation.keyHash === null ? [] : [`isolated-${isolation.keyHash}`]
  return { sessions: posix.join(root, 'sessions', taskFolder(taskId), ...apart), login }
}

/** Looks for the rollout of a thread; an empty file does not count. Codex sorts rollouts into `YYYY/MM/DD`. */
export async function findRollout(
  volume: VolumeView,
  sessions: string,
  threadId: string,
): Promise<'present' | 'absent' | 'unknown'> {
  if (!volume.covers(sessions)) return 'unknown'
  const suffix = `-${threadId.toLowerCase()}.jsonl`
  const descend = async (folder: string, depth: number): Promise<boolean> => {
    const names = await volume.names(folder)
    for (const name of names.filter((each) => each.startsWith('rollout-') && each.toLowerCase().endsWith(suffix))) {
      if (((await volume.size(posix.join(folder, name))) ?? 0) > 0) return true
    }
    if (depth === 3) return false
    for (const name of names.filter((each) => /^\d{2,4}$/.test(each)).toReversed()) {
      if (await descend(posix.join(folder, name), depth + 1)) return true
    }
    return false
  }
  return (await descend(sessions, 0)) ? 'present' : 'absent'
}
