import { fileJournal, type JournalSource } from '@agent-jobs/log-stream'
import { openAgentFile, removeAgentFile, type VolumePlace } from '../volume/held-folder.ts'

/** The journal fills gaps in the log. The pod writes it, so it is opened as untrusted content. */
export function journalSource(file: VolumePlace | null): { journal?: JournalSource } {
  return file === null ? {} : { journal: fileJournal(() => openAgentFile(file)) }
}

/** Removes the journal of a run whose Job is gone: Paperclip has its lines, and it can no longer be followed. */
export async function removeJournal(file: VolumePlace | null): Promise<void> {
  if (file !== null) await removeAgentFile(file)
}
