import { execFile } from 'node:child_process'
import { constants, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from '../input/file-reason.ts'
import type { BundleFile } from './collect-bundle.ts'

/** Writes a bundle to a new folder, or as a packed file where the path ends with `.tar.gz` or `.tgz`. Overwrites nothing. */
export async function writeBundle(path: string, name: string, files: readonly BundleFile[]): Promise<void> {
  try {
    if (/\.t(?:ar\.)?gz$/.test(path)) await pack(path, name, files)
    else await writeFolder(path, files)
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const reason = exists ? 'it exists. Pass another path with `--output`' : fileReason(cause)
    throw new CliError('file_unreadable', `Cannot write ${path}: ${reason}.`, { cause })
  }
}

async function writeFolder(path: string, files: readonly BundleFile[]): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  for (const { name, text } of files) await writeFile(join(path, name), text, { mode: 0o600, flag: 'wx' })
}

async function pack(path: string, name: string, files: readonly BundleFile[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-jobs-debug-'))
  try {
    await writeFolder(join(folder, name), files)
    const packed = join(folder, 'bundle.tar.gz')
    await promisify(execFile)('tar', ['-czf', packed, '-C', folder, name])
    await copyFile(packed, path, constants.COPYFILE_EXCL)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
