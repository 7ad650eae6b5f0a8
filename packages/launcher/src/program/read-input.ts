import { chmodSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { errorMessage } from '@agent-jobs/primitives'
import type { LaunchSpec, PackedFile } from '../launch-spec.ts'
import { makeDirectorySync } from './make-directory.ts'
import { StartFailure } from './start-failure.ts'

// One Secret holds less than 1 MB; gzip expands that to at most about 1,030 times its size.
const maxInputBytes = 256 * 1024 * 1024

/** Reads the launch's spec from the environment. */
export function readSpec(env: NodeJS.ProcessEnv): LaunchSpec {
  const text = env['AGENT_JOBS_SPEC']
  if (text === undefined) {
    throw new StartFailure('bad_spec', 'AGENT_JOBS_SPEC is not set. Mount the Secret of the run with envFrom.')
  }
  let spec: LaunchSpec
  try {
    spec = JSON.parse(text) as LaunchSpec
  } catch {
    // The parser's own message would quote the text, which may contain secrets.
    throw new StartFailure('bad_spec', `AGENT_JOBS_SPEC is not JSON (${text.length} characters).`)
  }
  if (spec?.version !== 1 || !Array.isArray(spec.argv) || typeof spec.argv[0] !== 'string') {
    throw new StartFailure('bad_spec', 'AGENT_JOBS_SPEC is not a launch spec of version 1. Pack it with packEnv.')
  }
  return spec
}

/** Unpacks `AGENT_JOBS_<NAME>_0…n`; undefined when absent. */
export function readChunks(env: NodeJS.ProcessEnv, name: string): Buffer | undefined {
  let text = ''
  for (let n = 0; env[`AGENT_JOBS_${name}_${n}`] !== undefined; n += 1) text += env[`AGENT_JOBS_${name}_${n}`]
  if (text === '') return undefined
  try {
    return gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: maxInputBytes })
  } catch (error) {
    throw new StartFailure('input_unreadable', `AGENT_JOBS_${name}_* cannot be unpacked: ${errorMessage(error)}`)
  }
}

/** Writes the files of the launch. */
export function writeFiles(packed: Buffer | undefined): void {
  if (packed === undefined) return
  for (const { path, mode = 0o600, contentBase64 } of JSON.parse(packed.toString()) as PackedFile[]) {
    try {
      makeDirectorySync(dirname(path))
      writeFileSync(path, Buffer.from(contentBase64, 'base64'), { mode })
      // The umask reduces the mode of an open, and an existing file keeps its own.
      chmodSync(path, mode)
    } catch (error) {
      throw new StartFailure('file_not_written', `The file ${path} cannot be written: ${errorMessage(error)}`)
    }
  }
}
