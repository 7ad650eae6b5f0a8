import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '../settings/loose-text.ts'
import { errnoOf, orAbsent } from '../system-error.ts'
import type { VolumePlace } from '../volume/held-folder.ts'

/** What a restarted server must know to reattach to a Job. It holds no secret. */
export interface LiveRecord {
  version: 1
  job: string
  namespace: string
  /** Secret of the run; it holds the run's own Paperclip token. */
  secret: string
  /** Path of the kubeconfig, null for the server's own cluster. */
  kubeconfig: string | null
  agentId: string
  issueId: string | null
  runId: string
  /** The run's result was handed to Paperclip: what is left of the Job must not be taken for a lost run. */
  reported?: boolean
  /** The Job is kept on purpose. */
  retained?: boolean
  /** Where this server keeps the run's Paperclip tokens, when they are not in its Secret. */
  tokenFile?: VolumePlace
}

/** The records of the active Jobs, one small file each. */
export interface LiveRecords {
  put(record: LiveRecord): Promise<void>
  remove(job: string): Promise<void>
  list(): Promise<LiveRecord[]>
}

function isLiveRecord(value: unknown): value is LiveRecord {
  if (!isRecord(value) || value['version'] !== 1) return false
  const texts = ['job', 'namespace', 'secret', 'agentId', 'runId']
  const { tokenFile } = value
  const isPlace = isRecord(tokenFile) && typeof tokenFile['top'] === 'string' && typeof tokenFile['path'] === 'string'
  return texts.every((key) => typeof value[key] === 'string') && (tokenFile === undefined || isPlace)
}

/** Creates the store in a folder of the server's own instance. */
export function createLiveRecords(folder: string): LiveRecords {
  const fileOf = (job: string) => join(folder, `${job.replaceAll(/[^a-z0-9-]/g, '')}.json`)
  return {
    async put(record) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const temporary = `${fileOf(record.job)}.${process.pid}.tmp`
      await writeFile(temporary, JSON.stringify(record), { mode: 0o600 })
      await rename(temporary, fileOf(record.job))
    },
    async remove(job) {
      await rm(fileOf(job), { force: true })
    },
    async list() {
      const names = await orAbsent(readdir(folder), [])
      const records: LiveRecord[] = []
      for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
        let value: unknown
        try {
          value = JSON.parse(await readFile(join(folder, name), 'utf8'))
        } catch (error) {
          // Removed in the meantime, or a file of another program.
          if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) continue
          throw error
        }
        if (isLiveRecord(value)) records.push(value)
      }
      return records
    },
  }
}
