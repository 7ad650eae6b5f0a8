import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { AgentVolumeClaim, Isolation, VolumeView } from '@agent-jobs/adapter-kit'
import type { OpencodeSettings } from './opencode-settings.ts'
import { currentNumber, databaseName } from './program/database-files.ts'

/** Where an agent's own claim is mounted. */
const dedicatedMountPath = '/opencode-db'

/** A folder name for a task, unique among tasks. */
export function taskFolder(taskId: string | null): string {
  if (taskId === null) return '_no_task_'
  const readable = taskId.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '_')
  if (readable === taskId && readable.length <= 100) return readable
  return `${readable.slice(0, 80)}-${createHash('sha256').update(taskId).digest('hex').slice(0, 12)}`
}

/** The folder of a task's database; null where it is removed with the pod. */
export function databaseFolder(input: {
  settings: OpencodeSettings
  stateDirectory: string
  taskId: string | null
  isolation: Pick<Isolation, 'mode' | 'keyHash'>
}): string | null {
  const { settings, stateDirectory, taskId, isolation } = input
  // Runs without a task, or with their own key, have nothing to continue; one shared database would only grow.
  if (settings.agentDbMode === 'ephemeral' || taskId === null || isolation.mode === 'run') return null
  const root = settings.agentDbMode === 'dedicated_pvc' ? dedicatedMountPath : posix.join(stateDirectory, 'opencode-db')
  // Isolated runs of one task may run concurrently, each on its own database.
  return posix.join(root, taskFolder(taskId), ...(isolation.keyHash === null ? [] : [`isolated-${isolation.keyHash}`]))
}

/** An agent's own claim. Ids of agents are UUIDs; anything else is named by its hash. */
export function databaseVolumeClaim(agentId: string, settings: OpencodeSettings): AgentVolumeClaim {
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

/** Checks whether a task has a database at all; only the pod can read its content. */
export async function findDatabase(
  volume: VolumeView,
  folder: string | null,
): Promise<'present' | 'absent' | 'unknown'> {
  if (folder === null) return 'absent'
  if (!volume.covers(folder)) return 'unknown'
  const file = posix.join(folder, databaseName(currentNumber(await volume.names(folder))))
  return (await volume.size(file)) === null ? 'absent' : 'present'
}
