import { createHash } from 'node:crypto'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { isWithin } from '@agent-jobs/primitives'
import { BundleError, sourceError } from './bundle-error.ts'
import type { BundleEntry, ScanOptions } from './bundle-content.ts'
import { assertBundlePath, assertNoConflicts } from './bundle-path.ts'
import { digestFile, openSource } from './copy-file.ts'
import { byPath, type ScannedFile } from './manifest.ts'

interface Walk {
  /** Real paths into which links may lead. */
  readonly roots: readonly string[]
  /** Real paths of the directories we are in: meeting one again means going in a circle. */
  readonly inside: ReadonlySet<string>
  readonly depth: number
}

/** Reads all entries, follows links, hashes every file and checks limits, before anything is written. */
export async function scanContent(entries: readonly BundleEntry[], o: ScanOptions): Promise<ScannedFile[]> {
  const { limits, ignore, signal } = o
  const files: ScannedFile[] = []
  let bytes = 0
  let folders = 0

  function add(file: ScannedFile): void {
    assertBundlePath(file.path)
    files.push(file)
    bytes += file.bytes
    if (files.length > limits.maxFiles) refuseSize(file.path, `more than ${limits.maxFiles} files`)
    if (bytes > limits.maxBytes) refuseSize(file.path, `more than ${limits.maxBytes} bytes`)
  }

  function refuseSize(path: string, what: string): never {
    throw new BundleError(
      'limit_exceeded',
      path,
      `The bundle has ${what}, reached at ${path}. Leave files out, or raise the limit.`,
    )
  }

  async function addFile(path: string, file: string): Promise<void> {
    const { mode } = await stat(file)
    const digest = await digestFile(await openSource(file), { maxBytes: limits.maxBytes, signal })
    add({ path, ...digest, executable: (mode & 0o111) !== 0, origin: { file } })
  }

  async function addTree(path: string, folder: string, walk: Walk): Promise<void> {
    if (walk.depth > limits.maxDepth) refuseSize(path, `more than ${limits.maxDepth} levels of directories`)
    // Links can multiply directories without a single file in them.
    folders += 1
    if (folders > limits.maxFiles) refuseSize(path, `more than ${limits.maxFiles} directories`)
    const here = { ...walk, inside: new Set(walk.inside).add(folder), depth: walk.depth + 1 }
    for (const name of (await readdir(folder)).sort()) {
      signal?.throwIfAborted()
      if (!ignore.includes(name)) await addSource(`${path}/${name}`, join(folder, name), here)
    }
  }

  /** `file` has no link in it but perhaps its last part. */
  async function addSource(path: string, file: string, walk: Walk): Promise<void> {
    try {
      const found = await lstat(file)
      if (found.isFile()) return await addFile(path, file)
      if (found.isDirectory()) return await addTree(path, file, walk)
      if (!found.isSymbolicLink()) {
        throw new BundleError(
          'unsupported_file',
          file,
          `The source ${file} is neither file, directory nor link. Leave it out.`,
        )
      }
      const target = await realpath(file)
      if (!walk.roots.some((root) => isWithin(root, target))) {
        throw new BundleError(
          'symlink_outside',
          file,
          `The link ${file} leads to ${target}, outside of its source. Copy the file, or allow its directory with \`linkTargets\`.`,
        )
      }
      if ([...walk.inside].some((folder) => folder === target)) {
        throw new BundleError(
          'symlink_loop',
          file,
          `The link ${file} leads back to ${target}, in which it lies. Remove the link.`,
        )
      }
      await addSource(path, target, walk)
    } catch (error) {
      signal?.throwIfAborted()
      throw sourceError(file, error)
    }
  }

  const allowed = await Promise.all(
    o.linkTargets.map((target) =>
      realpath(target).catch((error: unknown) => {
        throw sourceError(target, error)
      }),
    ),
  )
  for (const entry of entries) {
    signal?.throwIfAborted()
    assertBundlePath(entry.path)
    if ('content' in entry) {
      const content = typeof entry.content === 'string' ? Buffer.from(entry.content) : entry.content
      const sha256 = createHash('sha256').update(content).digest('hex')
      add({
        path: entry.path,
        bytes: content.length,
        sha256,
        executable: entry.executable === true,
        origin: { content },
      })
      continue
    }
    if (!isAbsolute(entry.source)) {
      throw new BundleError(
        'invalid_path',
        entry.source,
        `The source ${JSON.stringify(entry.source)} is not absolute. Resolve it first.`,
      )
    }
    // The source itself may be a link: the caller means its target.
    const source = await realpath(entry.source).catch((error: unknown) => {
      throw sourceError(entry.source, error)
    })
    await addSource(entry.path, source, { roots: [source, ...allowed], inside: new Set(), depth: 0 })
  }
  files.sort(byPath)
  assertNoConflicts(files.map(({ path }) => path))
  return files
}
