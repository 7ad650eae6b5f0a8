import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { AgentClaim, VolumeView } from '@agent-jobs/adapter-kit'
import type { OpencodeSettings } from './opencode-settings.ts'

/** Where the claim of an agent's own is mounted. */
const dedicatedMountPath = '/opencode-db'

/** A folder name for a task, unlike that of any other task. */
export function taskFolder(taskId: string | null): string {
  if (taskId === null) return '_no_task_'
  const readable = taskId.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '_')
  if (readable === taskId && readable.length <= 100) return readable
  return `${readable.slice(0, 80)}-${createHash('sha256').update(taskId).digest('hex').slice(0, 12)}`
}

/** The folder of a task's database; null where it goes with the pod. */
export function databaseFolder(input: {
  settings: OpencodeSettings
  stateDirectory: string
  taskId: string | null
}): string | null {
  const { settings, stateDirectory, taskId } = input
  // Runs without a task have nothing to continue, and one shared database would only grow.
  if (settings.agentDbMode === 'ephemeral' || taskId === null) return null
  const root = settings.agentDbMode === 'dedicated_pvc' ? dedicatedMountPath : posix.join(stateDirectory, 'opencode-db')
  return posix.join(root, taskFolder(taskId))
}

/** The claim of an agent's own. Ids of agents are UUIDs; anything else is named by its hash. */
export function databaseClaim(agentId: string, settings: OpencodeSettings): AgentClaim {
  const slug = /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/.test(agentId)
    ? agentId
    : createHash('sha256').update(agentId).digest('hex').slice(0, 32)
  return {
    name: `opencode-db-${slug}`,
    mountPath: dedicatedMountPath,
    storage: settings.agentDbStorageCapacity ?? '1Gi',
    ...(settings.agentDbStorageClass === undefined ? {} : { storageClassName: settings.agentDbStorageClass }),
    labels: { 'paperclip.io/pvc-type': 'agent-db' },
  }
}

const sqliteHeader = 'SQLite format 3\0'

async function isDamaged(volume: VolumeView, file: string): Promise<boolean> {
  const size = await volume.size(file)
  if (size === null) return false
  const head = await volume.text(file)
  return head === null || !head.startsWith(sqliteHeader)
}

/** The database that a task's next run uses. */
export interface DatabaseChoice {
  file: string
  /** Files that look damaged and are left where they are. */
  damaged: string[]
}

/**
 * Chooses a task's database file. One that does not begin as an SQLite file does is left aside under its name, and the
 * next free number is taken: nothing is lost, and the run can start.
 */
export async function chooseDatabase(volume: VolumeView, folder: string): Promise<DatabaseChoice> {
  const damaged: string[] = []
  for (let number = 1; ; number += 1) {
    const file = posix.join(folder, number === 1 ? 'opencode.db' : `opencode.${number}.db`)
    if (!volume.covers(file) || !(await isDamaged(volume, file))) return { file, damaged }
    damaged.push(file)
  }
}

/** Looks whether a task has a database at all; what is in it only OpenCode can tell. */
export async function findDatabase(
  volume: VolumeView,
  folder: string | null,
): Promise<'present' | 'absent' | 'unknown'> {
  if (folder === null) return 'absent'
  if (!volume.covers(folder)) return 'unknown'
  const { file } = await chooseDatabase(volume, folder)
  return (await volume.size(file)) === null ? 'absent' : 'present'
}
