import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, lstat, mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { RunEvent, RunHandle } from '@agent-jobs/k8s-job-runner'
import { CliError } from '../errors/cli-error.ts'
import { artifactMark } from './wrapper.ts'

/** A path in the container, and where its copy goes on this machine. */
export interface CopyOut {
  readonly path: string
  readonly to: string
}

/** Takes packed files out of a run's output and unpacks them. */
export interface ArtifactCollector {
  /** The same run, without the lines that carry packed files. */
  follow(handle: RunHandle): RunHandle
  /** Unpacks what was received; returns a sentence for each path. */
  unpack(): Promise<{ text: string; ok: boolean }[]>
}

interface Packed {
  readonly chunks: string[]
  state: 'missing' | 'absent' | 'large' | 'open' | 'whole'
}

// The most that the wrapper prints, in base64. The agent can print such lines, too, so everything is bounded.
const maxChars = 34 * 1024 * 1024

/** Collects what the wrapper of a command prints for each of these paths. */
export function collectArtifacts(wanted: readonly CopyOut[]): ArtifactCollector {
  const all: Packed[] = wanted.map(() => ({ chunks: [], state: 'missing' }))
  let chars = 0
  const take = (text: string): boolean => {
    if (!text.startsWith(`${artifactMark} `)) return false
    const [, index = '', word, data = ''] = text.split(' ', 4)
    const packed = all[Number(index)]
    if (packed === undefined) return true
    if (word === 'absent' || word === 'large') packed.state = word
    if (word === 'end' && packed.state === 'open') packed.state = 'whole'
    if (word !== 'data') return true
    chars += data.length
    if (chars > maxChars) packed.state = 'large'
    else {
      packed.chunks.push(data)
      packed.state = 'open'
    }
    return true
  }
  async function* others(events: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent> {
    for await (const event of events) {
      if (event.type !== 'line' || event.stream === 'stderr' || !take(event.text)) yield event
    }
  }
  return {
    // The handle's other members are getters and methods of the object that it inherits.
    follow: (handle) =>
      wanted.length === 0 ? handle : (Object.create(handle, { events: { value: others(handle.events) } }) as RunHandle),
    unpack: () =>
      Promise.all(
        wanted.map(async ({ path, to }, at) => {
          const { state = 'missing', chunks = [] } = all[at] ?? {}
          if (state === 'absent') return { ok: false, text: `${path} does not exist in the container` }
          if (state === 'large')
            return { ok: false, text: `${path} is larger than 24 MiB packed; put it on a volume with --pvc` }
          if (state !== 'whole')
            return { ok: false, text: `${path} was not copied: the run ended before its files were read` }
          await unpack(Buffer.from(chunks.join(''), 'base64'), path, to)
          return { ok: true, text: `${path} → ${to}` }
        }),
      ),
  }
}

/** Unpacks next to the target first: names or links in an agent's archive may try to escape the folder. */
async function unpack(archive: Buffer, path: string, to: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-jobs-out-'))
  try {
    await untar(archive, folder)
    await removeLeavingLinks(folder)
    await mkdir(dirname(resolve(to)), { recursive: true })
    // Links are copied as links: following one could lead out of the folder.
    await cp(join(folder, basename(path)), resolve(to), { recursive: true, verbatimSymlinks: true })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('copy_failed', `Could not write ${path} to ${to}: ${why}.`, { cause })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function untar(archive: Buffer, folder: string): Promise<void> {
  const child = spawn('tar', ['-xzf', '-', '-C', folder, '--no-same-owner', '--no-same-permissions'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const closed = once(child, 'close')
  // A tar that ends early leaves a broken pipe; its exit code tells why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(archive)
  const [code] = (await closed) as [number | null]
  if (code !== 0) throw new Error(`tar ended with ${code}`)
}

async function removeLeavingLinks(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) {
    const file = join(folder, entry)
    const stats = await lstat(file).catch(() => null)
    if (stats === null || stats.isDirectory() || stats.isFile()) continue
    const target = stats.isSymbolicLink() ? resolve(dirname(file), await readlink(file)) : '/'
    if (relative(folder, target).startsWith('..') || !stats.isSymbolicLink()) await rm(file)
  }
}
