import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BrandedError, systemErrorCode } from '@agent-jobs/primitives'
import type { Series, TotalsSnapshot } from './totals.ts'

/** Thrown when the file of the totals cannot be used. */
export class TotalsFileError extends BrandedError<'totals_invalid'> {
  static override readonly errorName = 'TotalsFileError'
}

/** Where totals are kept. */
export interface TotalsFile {
  /** The last snapshot; null before the first. Throws a {@link TotalsFileError} for an invalid file. */
  load(): Promise<TotalsSnapshot | null>
  /** Replaces the snapshot. Calls during a write share the next one. Rejects when the file cannot be written. */
  save(snapshot: () => TotalsSnapshot): Promise<void>
}

/** Keeps totals in one file, written only by this process and replaced atomically: a kill leaves a complete file. */
export function openTotalsFile(path: string): TotalsFile {
  let writing: Promise<void> | null = null
  let next: Promise<void> | null = null
  const write = async (snapshot: () => TotalsSnapshot): Promise<void> => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const fresh = `${path}.new`
    await using file = await open(fresh, 'w', 0o600)
    await file.writeFile(JSON.stringify(snapshot()))
    await rename(fresh, path)
  }
  const start = (snapshot: () => TotalsSnapshot): Promise<void> => {
    const work = write(snapshot).finally(() => {
      if (writing === work) writing = null
    })
    writing = work
    return work
  }
  return {
    async load() {
      let text: string
      try {
        text = await readFile(path, 'utf8')
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return null
        throw error
      }
      return readSnapshot(text, path)
    },
    save(snapshot) {
      if (writing === null) return start(snapshot)
      // The current write may already have read its snapshot.
      next ??= writing
        .catch(() => undefined)
        .then(() => {
          next = null
          return start(snapshot)
        })
      return next
    },
  }
}

function readSnapshot(text: string, path: string): TotalsSnapshot {
  const refuse = (): never => {
    throw new TotalsFileError('totals_invalid', `${path} holds no totals of metrics. Move it away to begin at zero.`)
  }
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return refuse()
  }
  return isSnapshot(data) ? data : refuse()
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSeries(value: unknown): value is Series {
  if (!isRecord(value) || !isRecord(value['labels'])) return false
  const isCount = typeof value['value'] === 'number' && Number.isSafeInteger(value['value']) && value['value'] >= 0
  return isCount && Object.values(value['labels']).every((label) => typeof label === 'string')
}

function isSnapshot(value: unknown): value is TotalsSnapshot {
  if (!isRecord(value) || value['version'] !== 1 || !isRecord(value['counters']) || !Array.isArray(value['jobs']))
    return false
  const lists = Object.values(value['counters'])
  return (
    lists.every((list) => Array.isArray(list) && list.every(isSeries)) &&
    value['jobs'].every((job) => typeof job === 'string')
  )
}
