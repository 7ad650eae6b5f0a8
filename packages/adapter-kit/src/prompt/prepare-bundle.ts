import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { messageOf } from '../adapter-error.ts'
import type { AgentFile, CommonSettings, VolumeView } from '../agent/agent-definition.ts'
import type { RunPlaces } from '../run/places.ts'
import { desiredSkills } from './skills.ts'

/** Skills and instructions as the agent's pod finds them. */
export interface PreparedBundle {
  /** Names the content; null when there is none. */
  key: string | null
  directory: string | null
  instructionsFile: string | null
  /** The instructions' text, for agents that take them in the prompt. */
  instructions: string | null
  /** Runtime names of the skills in it. */
  skills: string[]
  /** Files that travel with the run instead, when there is no volume. */
  files: AgentFile[]
  warnings: string[]
}

async function instructionsOf(path: string | undefined): Promise<{ text: string | null; warning: string | null }> {
  if (path === undefined) return { text: null, warning: null }
  try {
    const text = await readFile(path, 'utf8')
    const folder = posix.dirname(path)
    // Instructions speak of HEARTBEAT.md, SOUL.md and TOOLS.md as their neighbours.
    const directive = `\n\nThese instructions come from ${path}. Files they mention by a relative path, such as ./HEARTBEAT.md, ./SOUL.md or ./TOOLS.md, lie in ${folder}/ and nowhere else.\n`
    return { text: text + directive, warning: null }
  } catch (error) {
    return { text: null, warning: `could not read agent instructions file "${path}": ${messageOf(error)}` }
  }
}

/** Puts instructions and skills where the pod can read them. */
export async function prepareBundle(input: {
  ctx: AdapterExecutionContext
  settings: CommonSettings
  volume: VolumeView & { resolve(path: string): string | null }
  places: RunPlaces
}): Promise<PreparedBundle> {
  const { ctx, settings, places } = input
  const warnings: string[] = []
  const { text, warning } = await instructionsOf(settings.instructionsFilePath)
  if (warning !== null) warnings.push(warning)
  const skills = await desiredSkills(ctx.config)
  warnings.push(...skills.warnings)
  const instructionsFile = text === null ? null : posix.join(places.runDirectory, 'agent-instructions.md')
  return {
    key: null,
    directory: null,
    instructionsFile,
    instructions: text,
    skills: [],
    files: instructionsFile === null || text === null ? [] : [{ path: instructionsFile, content: text }],
    warnings,
  }
}
