import { posix } from 'node:path'
import type { VolumeView } from '@agent-jobs/adapter-kit'
import { hasApiCredential } from './provider.ts'
import type { ClaudeSettings } from './claude-settings.ts'

/** Where Claude Code keeps its sessions and its login, and whether that is set explicitly. */
export async function configDirectory(input: {
  settings: ClaudeSettings
  env: Readonly<Record<string, string | null>>
  volumeRoot: string
  companyHome: string
  stateDirectory: string
  volume: VolumeView
}): Promise<string> {
  const { settings, env, volumeRoot, companyHome, stateDirectory, volume } = input
  const explicit = env['CLAUDE_CONFIG_DIR']
  if (explicit) return explicit
  const own = posix.join(stateDirectory, 'claude')
  if (settings.claudeConfigDir === 'agent') return own
  // A company's own login takes precedence over the one that the server's operator provides for all.
  const shared = posix.join(companyHome, '.claude')
  const forAll = posix.join(volumeRoot, '.claude')
  const loggedIn = async (folder: string) => (await volume.size(posix.join(folder, '.credentials.json'))) !== null
  const login = (await loggedIn(shared)) ? shared : (await loggedIn(forAll)) ? forAll : null
  if (settings.claudeConfigDir === 'shared') return login ?? shared
  return login !== null && !hasApiCredential(env) ? login : own
}

// Claude Code names the folder after the directory, and finds a session under any folder.
const projectFolder = (cwd: string): string => cwd.replaceAll(/[^a-zA-Z0-9]/g, '-')

/** Where Claude Code keeps the transcript of a session that began in this directory. */
export function transcriptFile(configDir: string, cwd: string, sessionId: string): string {
  return posix.join(configDir, 'projects', projectFolder(cwd), `${sessionId}.jsonl`)
}

/** Looks for a session's transcript; an empty file does not count. */
export async function findTranscript(
  volume: VolumeView,
  configDir: string,
  cwd: string,
  sessionId: string,
): Promise<'present' | 'absent' | 'unknown'> {
  const projects = posix.join(configDir, 'projects')
  if (!volume.covers(projects)) return 'unknown'
  const likely = projectFolder(cwd)
  const folders = [likely, ...(await volume.names(projects)).filter((name) => name !== likely)]
  for (const folder of folders) {
    const size = await volume.size(posix.join(projects, folder, `${sessionId}.jsonl`))
    if (size !== null && size > 0) return 'present'
  }
  return 'absent'
}
