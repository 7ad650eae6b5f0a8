import { readFile } from 'node:fs/promises'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from '../input/file-reason.ts'

/** Reads a pod template: YAML or JSON with `metadata` and `spec`, alone or as `template` of a Job. */
export async function readTemplate(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('file_unreadable', `Cannot read the template ${file}: ${fileReason(cause)}.`, { cause })
  })
  const { parse } = await import('../output/yaml.ts')
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    throw new CliError(
      'usage',
      `${file} is not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  const template = isRecord(value) && value['kind'] === 'Job' ? inJob(value) : value
  if (!isRecord(template) || !('spec' in template || 'metadata' in template)) {
    throw new CliError(
      'usage',
      `${file} is not a pod template: it needs \`metadata\` or \`spec\`, as a Job's \`spec.template\` has them.`,
    )
  }
  // A Pod is a template with two members more.
  const { apiVersion: _, kind: __, ...rest } = template
  return rest
}

function inJob(job: Record<string, unknown>): unknown {
  return isRecord(job['spec']) ? job['spec']['template'] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
