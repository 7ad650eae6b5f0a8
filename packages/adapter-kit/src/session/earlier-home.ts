import { posix } from 'node:path'
import type { VolumeView } from '../agent/agent-definition.ts'

// What people keep in a home for the programs of an agent.
const settings = new Set(['.gitconfig', '.git-credentials', '.ssh', '.npmrc', '.netrc', '.config'])
// What the server itself makes before an agent's first run.
const ofServer = new Set(['tokens', 'journal', 'home'])

/**
 * A line about the settings in the home that all agents had under an earlier adapter, for the first run of an agent that has a
 * home of its own; null when there is nothing to say. They are not copied: they may hold credentials of other companies.
 */
export async function earlierHomeNote({
  volume,
  root,
  home,
  stateDirectory,
}: {
  volume: Pick<VolumeView, 'names'>
  /** The volume, which was the home of all agents. */
  root: string
  home: string
  stateDirectory: string
}): Promise<string | null> {
  if (home === root) return null
  const own = await volume.names(stateDirectory)
  if (own.some((name) => !ofServer.has(name))) return null
  const found = (await volume.names(root)).filter((name) => settings.has(name)).toSorted()
  if (found.length === 0) return null
  return `Agents of earlier adapters shared ${posix.join(root, '/')} as their home, with ${found.join(', ')} in it. This agent has its own: copy what it needs to ${home}`
}
