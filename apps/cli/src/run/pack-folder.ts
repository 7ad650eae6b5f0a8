import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from '../input/file-reason.ts'

// The run's Secret takes 1 MiB in all, in base64, with the launcher and the prompt.
const maxBytes = 480 * 1024

/** A folder's contents, or one file, packed as tar and gzip; refused when it is too large for the run's Secret. */
export async function packFolder(path: string): Promise<Uint8Array> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    (cause: unknown) => {
      throw new CliError('file_unreadable', `Cannot read ${path}: ${fileReason(cause)}.`, { cause })
    },
  )
  const args = isFolder ? ['-C', path, '.'] : ['-C', dirname(path), basename(path)]
  try {
    const { stdout } = await promisify(execFile)('tar', ['-czf', '-', ...args], {
      encoding: 'buffer',
      maxBuffer: maxBytes,
    })
    return stdout
  } catch (cause) {
    const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
    if (!tooLarge)
      throw new CliError(
        'copy_failed',
        `Cannot pack ${path} with tar: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { cause },
      )
    throw new CliError(
      'copy_failed',
      `${path} is larger than ${maxBytes / 1024} KiB packed, which is what fits beside the prompt. Use --git URL, or a volume with --pvc NAME:/PATH.`,
    )
  }
}
