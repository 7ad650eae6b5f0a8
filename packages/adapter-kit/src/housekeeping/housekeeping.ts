import { lstat, readdir, rm } from 'node:fs/promises'
import { posix } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import { createPromptBundles } from '@agent-jobs/prompt-bundle'
import { orAbsent } from '../system-error.ts'
import { holdFolder, type VolumePlace } from '../volume/held-folder.ts'
import { bundleAnnotation, labelValue } from '../pod/labels.ts'
import type { RunPlan } from '../plan/plan-run.ts'

/** How long the data volume keeps files of old runs. */
export const keptForMs = 14 * 86_400_000

/** Removes files of runs that have not been written to for that long. Anything but plain files of this kind stays. */
export async function sweepFolder(
  place: VolumePlace,
  { suffixes, olderThanMs, now }: { suffixes: readonly string[]; olderThanMs: number; now: number },
): Promise<string[]> {
  const swept: string[] = []
  await using folder = await holdFolder(place)
  if (folder === null) return swept
  for (const name of await readdir(folder.at('.'))) {
    if (!suffixes.some((suffix) => name.endsWith(suffix))) continue
    const path = folder.at(name)
    const info = await orAbsent(lstat(path), null)
    if (info === null || !info.isFile() || now - info.mtimeMs < olderThanMs) continue
    await rm(path, { force: true })
    swept.push(name)
  }
  return swept
}

/** Keys of the bundles that live Jobs of this company say they read. */
async function bundlesInUse({ cluster, namespace, run }: RunPlan, signal: AbortSignal): Promise<string[]> {
  const labelSelector = `paperclip.io/company-id=${labelValue(run.companyId)}`
  const { items } = await cluster.client.list(kinds.Job, { namespace, labelSelector, signal })
  return items.flatMap(({ metadata }) => metadata?.annotations?.[bundleAnnotation] ?? [])
}

/**
 * Cleans up after a run: files that earlier runs of the agent left behind, and bundles of its
 * company that no live Job reads and no run has used for two weeks.
 */
export async function tidyVolume(plan: RunPlan, { now, signal }: { now: number; signal: AbortSignal }): Promise<void> {
  const { places, volume } = plan
  for (const [path, suffixes] of [
    [places.journalPath, ['.aj1']],
    // Left aside, or half written, by a server that was killed.
    [places.tokenPath, ['.json', '.aside', '.tmp']],
  ] as const) {
    const folder = path === null ? null : volume.place(posix.dirname(path))
    if (folder !== null) await sweepFolder(folder, { suffixes, olderThanMs: keptForMs, now })
  }
  const root = places.bundleRoot === null ? null : volume.resolve(places.bundleRoot)
  if (root === null) return
  const bundles = createPromptBundles({ root, clock: { now: () => now } })
  const old = await bundles.collect({ inUse: [], unusedForMs: keptForMs, dryRun: true, signal })
  if (old.leftovers.length === 0 && !old.bundles.some(({ verdict }) => verdict === 'removed')) return
  await bundles.collect({ inUse: await bundlesInUse(plan, signal), unusedForMs: keptForMs, signal })
}
