import { readFile, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import {
  BundleError,
  createPromptBundles,
  type Bundle,
  type BundleEntry,
  type PromptBundles,
} from '@agent-jobs/prompt-bundle'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { AdapterError, messageOf } from '../adapter-error.ts'
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

// Instructions are read whole and go to the model with each request.
const maxInstructionBytes = 1_048_576

async function readText(path: string): Promise<string> {
  const info = await stat(path)
  if (!info.isFile()) throw new Error('it is no file')
  if (info.size > maxInstructionBytes) {
    throw new Error(`it has ${info.size} bytes, and instructions may have ${maxInstructionBytes}`)
  }
  return readFile(path, 'utf8')
}

async function instructionsOf(path: string | undefined): Promise<{ text: string | null; warning: string | null }> {
  if (path === undefined) return { text: null, warning: null }
  try {
    const text = await readText(path)
    const folder = posix.dirname(path)
    // Instructions speak of HEARTBEAT.md, SOUL.md and TOOLS.md as their neighbours.
    const directive = `\n\nThese instructions come from ${path}. Files they mention by a relative path, such as ./HEARTBEAT.md, ./SOUL.md or ./TOOLS.md, lie in ${folder}/ and nowhere else.\n`
    return { text: text + directive, warning: null }
  } catch (error) {
    return { text: null, warning: `could not read agent instructions file "${path}": ${messageOf(error)}` }
  }
}

const instructionsName = 'agent-instructions.md'
// Claude Code and OpenCode both look for skills here.
const skillsFolder = '.claude/skills'

interface SkillSource {
  name: string
  source: string
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`) || path.startsWith(`${skillsFolder}/`)
}

/** Writes the bundle; a skill that cannot be read is left out and named, so that one bad file stops no agent. */
async function materialize(
  bundles: PromptBundles,
  text: string | null,
  skills: readonly SkillSource[],
  signal: AbortSignal | undefined,
): Promise<{ bundle: Bundle; skills: SkillSource[]; warnings: string[] }> {
  const usable = [...skills]
  const warnings: string[] = []
  for (;;) {
    const entries: BundleEntry[] = [
      ...(text === null ? [] : [{ path: instructionsName, content: text }]),
      ...usable.map(({ name, source }) => ({ path: posix.join(skillsFolder, name), source })),
    ]
    try {
      const bundle = await bundles.materialize(entries, signal ? { signal } : {})
      return { bundle, skills: usable, warnings: [...warnings, ...bundle.warnings] }
    } catch (error) {
      signal?.throwIfAborted()
      const known = BundleError.isInstance(error) ? error : null
      const bad =
        known && known.code !== 'volume_error' ? usable.findIndex(({ source }) => isInside(known.path, source)) : -1
      const [skill] = bad < 0 ? [] : usable.splice(bad, 1)
      if (!skill) {
        throw new AdapterError(
          'skill_bundle_failed',
          `Skills and instructions cannot be put on the data volume: ${messageOf(error)}`,
          {
            cause: error,
            retryable: known?.retryable ?? false,
          },
        )
      }
      warnings.push(`skill "${skill.name}" is left out: ${messageOf(error)}`)
    }
  }
}

/** Puts instructions and skills where the pod can read them. */
export async function prepareBundle(input: {
  ctx: AdapterExecutionContext
  settings: CommonSettings
  volume: VolumeView & { resolve(path: string): string | null }
  places: RunPlaces
}): Promise<PreparedBundle> {
  const { ctx, settings, places, volume } = input
  const instructions = await instructionsOf(settings.instructionsFilePath)
  const { text } = instructions
  const desired = await desiredSkills(ctx.config)
  const warnings = [...(instructions.warning === null ? [] : [instructions.warning]), ...desired.warnings]
  const skills = desired.entries.map(({ runtimeName, source }) => ({ name: runtimeName, source }))
  const root = places.bundleRoot === null ? null : volume.resolve(places.bundleRoot)
  if (places.bundleRoot === null || root === null) {
    if (skills.length > 0) {
      warnings.push(
        `${skills.length} skill(s) are left out: the agent's pod shares no volume with the server on which they could lie.`,
      )
    }
    const file = posix.join(places.runDirectory, instructionsName)
    return {
      key: null,
      directory: null,
      instructionsFile: text === null ? null : file,
      instructions: text,
      skills: [],
      files: text === null ? [] : [{ path: file, content: text }],
      warnings,
    }
  }
  if (text === null && skills.length === 0) {
    return { key: null, directory: null, instructionsFile: null, instructions: null, skills: [], files: [], warnings }
  }
  const made = await materialize(createPromptBundles({ root }), text, skills, ctx.signal)
  // The pod sees the volume at another path than the server may; the bundle's name is the same.
  const directory = posix.join(places.bundleRoot, made.bundle.key)
  return {
    key: made.bundle.key,
    directory,
    instructionsFile: text === null ? null : posix.join(directory, instructionsName),
    instructions: text,
    skills: made.skills.map(({ name }) => name),
    files: [],
    warnings: [...warnings, ...made.warnings],
  }
}
