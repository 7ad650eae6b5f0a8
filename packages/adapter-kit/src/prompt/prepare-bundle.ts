import { errorMessage, isWithin } from '@agent-jobs/primitives'
import { chmod } from 'node:fs/promises'
import { posix } from 'node:path'
import {
  BundleError,
  createPromptBundles,
  type Bundle,
  type BundleEntry,
  type PromptBundles,
} from '@agent-jobs/prompt-bundle'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { AdapterError } from '../adapter-error.ts'
import type { AgentFile, CommonSettings } from '../agent/agent-definition.ts'
import type { RunPlaces } from '../plan/places.ts'
import { readWithin, resolveWithin, type AgentReach } from '../volume/agent-reach.ts'
import { holdFolder, type VolumePlace } from '../volume/held-folder.ts'
import { volumeScope } from '../volume/volume-scope.ts'
import type { SharedVolume } from '../volume/volume-view.ts'
import { desiredSkills } from './skills.ts'

/** Skills and instructions as the agent's pod finds them. */
export interface PreparedBundle {
  /** Names the content; null when there is none. */
  key: string | null
  directory: string | null
  instructionsFile: string | null
  /** Runtime names of the skills in it. */
  skills: string[]
  /** Files that are sent with the run instead, when there is no volume. */
  files: AgentFile[]
  warnings: string[]
}

// Instructions are read whole and go to the model with each request.
const maxInstructionBytes = 1_048_576

async function instructionsOf(
  path: string | undefined,
  reach: AgentReach,
): Promise<{ text: string | null; warning: string | null }> {
  if (path === undefined) return { text: null, warning: null }
  try {
    const text = await readWithin(reach, path, maxInstructionBytes)
    const folder = posix.dirname(path)
    // Instructions refer to HEARTBEAT.md, SOUL.md and TOOLS.md in the same folder.
    const directive = `\n\nThese instructions come from ${path}. Files they mention by a relative path, such as ./HEARTBEAT.md, ./SOUL.md or ./TOOLS.md, lie in ${folder}/ and nowhere else.\n`
    return { text: text + directive, warning: null }
  } catch (error) {
    return { text: null, warning: `could not read agent instructions file "${path}": ${errorMessage(error)}` }
  }
}

const instructionsName = 'agent-instructions.md'
// Claude Code and OpenCode both look for skills here.
const skillsFolder = '.claude/skills'

interface SkillSource {
  name: string
  source: string
}

// Not joined: a name with `..` in it must be refused, not followed.
const placeOf = ({ name }: SkillSource): string => `${skillsFolder}/${name}`

function reachOf({ scope, dataMountPath }: RunPlaces, volume: SharedVolume): AgentReach {
  const root = volume.resolve(dataMountPath)
  const folders = scope === null ? [dataMountPath] : volumeScope(scope).folders.map(({ path }) => path)
  return { volume: root, sees: folders.flatMap((path) => volume.resolve(path) ?? []) }
}

/** Leaves out skills reached by a link on the volume that leads outside of what the agent sees. */
async function skillsWithin(
  reach: AgentReach,
  skills: readonly SkillSource[],
): Promise<{ skills: SkillSource[]; warnings: string[] }> {
  const found: SkillSource[] = []
  const warnings: string[] = []
  for (const { name, source } of skills) {
    try {
      found.push({ name, source: await resolveWithin(reach, source) })
    } catch (error) {
      warnings.push(`skill "${name}" is left out: ${errorMessage(error)}`)
    }
  }
  return { skills: found, warnings }
}

/** Writes the bundle; an unreadable skill is left out and named, so that one bad file does not stop an agent. */
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
      ...usable.map((skill) => ({ path: placeOf(skill), source: skill.source })),
    ]
    try {
      const bundle = await bundles.materialize(entries, signal ? { signal } : {})
      return { bundle, skills: usable, warnings: [...warnings, ...bundle.warnings] }
    } catch (error) {
      signal?.throwIfAborted()
      const known = BundleError.isInstance(error) ? error : null
      const isBad = (skill: SkillSource) =>
        known !== null && (isWithin(skill.source, known.path) || isWithin(placeOf(skill), known.path))
      const bad = known?.code === 'volume_error' ? -1 : usable.findIndex(isBad)
      const [skill] = bad < 0 ? [] : usable.splice(bad, 1)
      if (!skill) {
        throw new AdapterError(
          'skill_bundle_failed',
          `Skills and instructions cannot be put on the data volume: ${errorMessage(error)}`,
          {
            cause: error,
            retryable: known?.retryable ?? false,
          },
        )
      }
      warnings.push(`skill "${skill.name}" is left out: ${errorMessage(error)}`)
    }
  }
}

function joined(instructions: string | null, manifest: string | null): string | null {
  const parts = [instructions?.trimEnd(), manifest].filter((part) => part !== null && part !== undefined)
  return parts.length === 0 ? null : `${parts.join('\n\n')}\n`
}

/** Ensures that bundles are written at their real path. */
async function requireFolder(root: VolumePlace): Promise<void> {
  try {
    const folder = await holdFolder(root, (path) => chmod(path, 0o755))
    await folder[Symbol.asyncDispose]()
  } catch (error) {
    throw new AdapterError(
      'skill_bundle_failed',
      `Skills and instructions cannot be put on the data volume: ${posix.join(root.top, root.path)}: ${errorMessage(error)}`,
      { cause: error },
    )
  }
}

/** Puts instructions and skills where the pod can read them. */
export async function prepareBundle(input: {
  ctx: AdapterExecutionContext
  settings: CommonSettings
  volume: SharedVolume
  places: RunPlaces
}): Promise<PreparedBundle> {
  const { ctx, settings, places, volume } = input
  const reach = reachOf(places, volume)
  const instructions = await instructionsOf(settings.instructionsFilePath, reach)
  const desired = await desiredSkills(ctx.config)
  const warnings = [...(instructions.warning === null ? [] : [instructions.warning]), ...desired.warnings]
  const within = await skillsWithin(
    reach,
    desired.entries.map(({ runtimeName, source }) => ({ name: runtimeName, source })),
  )
  const { skills } = within
  warnings.push(...within.warnings)
  const root = places.bundleRoot === null ? null : volume.place(places.bundleRoot)
  if (places.bundleRoot === null || root === null) {
    const { text } = instructions
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
      skills: [],
      files: text === null ? [] : [{ path: file, content: text }],
      warnings,
    }
  }
  // Otherwise an agent believes that a skill of its company, which it was not given, does not exist at all.
  const text = joined(instructions.text, desired.manifest)
  if (text === null && skills.length === 0) {
    return { key: null, directory: null, instructionsFile: null, skills: [], files: [], warnings }
  }
  await requireFolder(root)
  const made = await materialize(
    createPromptBundles({ root: posix.join(root.top, root.path) }),
    text,
    skills,
    ctx.signal,
  )
  // The pod may see the volume at a different path than the server; the bundle's name is the same.
  const directory = posix.join(places.bundleRoot, made.bundle.key)
  return {
    key: made.bundle.key,
    directory,
    instructionsFile: text === null ? null : posix.join(directory, instructionsName),
    skills: made.skills.map(({ name }) => name),
    files: [],
    warnings: [...warnings, ...made.warnings],
  }
}
