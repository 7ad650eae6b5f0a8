import { fileJournal, type JournalSource } from '@agent-jobs/log-stream'
import { openAgentFile, removeAgentFile, type VolumePlace } from '../volume/held-folder.ts'
import type { RunPlan } from './plan-run.ts'

/** Where this server sees the journal of a run of this agent; null without one. */
export function journalFileOf(
  plan: Pick<RunPlan, 'places' | 'volume' | 'run'>,
  runId: string | null,
): VolumePlace | null {
  const { journalPath } = plan.places
  if (journalPath === null || runId === null || !/^[A-Za-z0-9_-]+$/.test(runId)) return null
  return plan.volume.place(journalPath.replace(`${plan.run.runId}.aj1`, `${runId}.aj1`))
}

/** The journal fills gaps in the log. The pod writes it, so it is opened as what an agent may have put there. */
export function journalSource(file: VolumePlace | null): { journal?: JournalSource } {
  return file === null ? {} : { journal: fileJournal(() => openAgentFile(file)) }
}

/** Removes the journal of a run whose Job is gone: Paperclip has its lines, and nobody can follow it any more. */
export async function removeJournal(file: VolumePlace | null): Promise<void> {
  if (file !== null) await removeAgentFile(file)
}
