import { gzipSync } from 'node:zlib'
import type { LaunchFile, LaunchSpec, PackedFile } from './launch-spec.ts'
import { LauncherError } from './launcher-error.ts'
import { programText } from './program-text.generated.ts'
import { validateFiles, validateSpec } from './validate-spec.ts'

/** Maximum size of all data of the run's Secret together, keys included. Kubernetes refuses 1,048,577 bytes. */
export const maxSecretBytes = 1_000_000

// Linux rejects an environment value of 131,072 bytes with E2BIG; 131,000 worked (docs/kubernetes-facts.md#environment-variables).
const maxValueBytes = 131_000
const chunkLength = 100_000

/** What goes into the pod besides the spec. */
export interface LaunchInput {
  /** The command's standard input. Without it the command reads end of file at once. */
  stdin?: string | Uint8Array
  /** Files to write before the command starts. */
  files?: LaunchFile[]
}

/**
 * Packs a launch as the data of the run's Secret, to be mounted by one `envFrom`.
 *
 * @example
 * ```ts
 * const data = packEnv({ version: 1, argv: ['claude', '--print'] }, { stdin: 'Say hello' })
 * ```
 */
export function packEnv(spec: LaunchSpec, input: LaunchInput = {}): Record<string, string> {
  validateSpec(spec)
  const files = input.files ?? []
  validateFiles(files)
  const env: Record<string, string> = { AGENT_JOBS_LAUNCHER: programText, AGENT_JOBS_SPEC: JSON.stringify(spec) }
  const specBytes = Buffer.byteLength(env['AGENT_JOBS_SPEC'] ?? '')
  if (specBytes > maxValueBytes) {
    throw new LauncherError(
      'input_too_large',
      `Expected a spec of at most ${maxValueBytes} bytes as JSON, got ${specBytes}. ` +
        'Pass long texts as stdin or as files instead of arguments or variables.',
    )
  }
  if (input.stdin !== undefined) addChunks(env, 'AGENT_JOBS_STDIN_', Buffer.from(input.stdin))
  if (files.length > 0) addChunks(env, 'AGENT_JOBS_FILES_', Buffer.from(JSON.stringify(files.map(packFile))))
  const total = secretBytes(env)
  if (total >= maxSecretBytes) {
    throw new LauncherError(
      'input_too_large',
      `Expected stdin, files and spec to fit into one Secret (below ${maxSecretBytes} bytes after gzip and base64), ` +
        `got ${total}. Put large input on a volume and name its path instead.`,
    )
  }
  return env
}

/** Size of these variables as the data of a Secret, in bytes; compare with {@link maxSecretBytes}. */
export function secretBytes(env: Record<string, string>): number {
  let total = 0
  for (const [name, value] of Object.entries(env)) total += Buffer.byteLength(name) + Buffer.byteLength(value)
  return total
}

function packFile({ path, mode, content }: LaunchFile): PackedFile {
  const contentBase64 = Buffer.from(content).toString('base64')
  return mode === undefined ? { path, contentBase64 } : { path, mode, contentBase64 }
}

function addChunks(env: Record<string, string>, prefix: string, bytes: Uint8Array): void {
  const text = gzipSync(bytes).toString('base64')
  for (let start = 0, n = 0; start < text.length; start += chunkLength, n += 1) {
    env[`${prefix}${n}`] = text.slice(start, start + chunkLength)
  }
}
