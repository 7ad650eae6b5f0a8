import type { AdapterSkillContext, AdapterSkillSnapshot } from './skill-types.ts'
import { buildSkillLibraryManifestMarkdown } from '@paperclipai/adapter-utils/skill-library-manifest'
import {
  buildRuntimeMountedSkillSnapshot,
  isPaperclipSkillSourceMissing,
  readPaperclipRuntimeSkillEntries,
  readPaperclipSkillSyncPreference,
  resolveLegacyPaperclipDesiredSkillNames,
  type PaperclipSkillEntry,
} from '@paperclipai/adapter-utils/server-utils'

/** The skills that an agent should have, and problems with some of them. */
export interface DesiredSkills {
  entries: PaperclipSkillEntry[]
  /** Tells the agent which other skills its company has; null when there are none. */
  manifest: string | null
  warnings: string[]
}

// The host lists the skills in the configuration; this package has no folder of skills.
const noFolder = ''

/** Reads the agent's skills from the host's configuration. */
export async function desiredSkills(config: Record<string, unknown>): Promise<DesiredSkills> {
  const available = await readPaperclipRuntimeSkillEntries(config, noFolder)
  const wanted = new Set(resolveLegacyPaperclipDesiredSkillNames(config, available))
  const chosen = available.filter(({ key }) => wanted.has(key))
  const missing = chosen.filter(isPaperclipSkillSourceMissing)
  const known = new Set(available.flatMap(({ key, runtimeName }) => [key, runtimeName]))
  const unknown = readPaperclipSkillSyncPreference(config).desiredSkills.filter((name) => !known.has(name))
  return {
    entries: chosen.filter((entry) => !isPaperclipSkillSourceMissing(entry)),
    manifest: buildSkillLibraryManifestMarkdown({ entries: available, desiredSkillKeys: wanted }),
    warnings: [
      ...missing.map(
        ({ runtimeName, missingDetail }) =>
          `skill "${runtimeName}" is left out: ${missingDetail ?? 'its files are missing'}`,
      ),
      ...unknown.map((name) => `skill "${name}" is left out: the company has no such skill`),
    ],
  }
}

/** What the skills tab shows. Each run gets its own copy of the skills, so there is nothing to sync. */
export async function skillSnapshot(ctx: AdapterSkillContext, label: string): Promise<AdapterSkillSnapshot> {
  const availableEntries = await readPaperclipRuntimeSkillEntries(ctx.config, noFolder)
  return buildRuntimeMountedSkillSnapshot({
    adapterType: ctx.adapterType,
    availableEntries,
    desiredSkills: resolveLegacyPaperclipDesiredSkillNames(ctx.config, availableEntries),
    configuredDetail: `Put on the data volume for each run of ${label}.`,
    mode: 'ephemeral',
  })
}
