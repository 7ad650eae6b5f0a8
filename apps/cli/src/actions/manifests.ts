import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  helmChart,
  kustomization,
  mergeValues,
  printValues,
  renderManifests,
  ValuesError,
  valuesSchema,
  writeYaml,
  type Manifest,
  type ValuesInput,
} from '@agent-jobs/manifests'
import { parse } from 'yaml'
import { CliError } from '../errors/cli-error.ts'
import type { ManifestsOptions } from '../commands/manifests-command.ts'
import { fileReason } from '../input/file-reason.ts'
import type { Terminal } from '../output/terminal.ts'
import { ownVersion } from '../version.ts'

type DataMap = Parameters<typeof mergeValues>[0]

/** Prints manifests, or writes the files of a Kustomize base or of the Helm chart. */
export async function manifests(options: ManifestsOptions, terminal: Terminal): Promise<void> {
  if (options.showValues) return terminal.out(printValues(valuesSchema))
  const { namespace, format, output } = options
  if (format !== 'yaml' && output === undefined) {
    throw new CliError('usage', `\`--format ${format}\` writes several files. Pass a folder with \`--output\`.`)
  }
  if (format === 'helm' && (options.set.length > 0 || options.values.length > 0)) {
    throw new CliError('usage', 'The chart takes its values from Helm: pass --set and --values to `helm install`.')
  }
  const values = await readValues(options)
  const objects = render(namespace, values)
  if (format === 'yaml' && output === undefined) return terminal.out(writeYaml(objects))
  const files = {
    yaml: () => ({ 'manifests.yaml': writeYaml(objects) }),
    kustomize: () => kustomization({ namespace, values }),
    helm: () => helmChart(ownVersion()),
  }[format]()
  await writeFiles(output ?? '.', files)
  terminal.out(`Wrote ${Object.keys(files).length} files to ${output}.\n`)
}

async function readValues({ values: files, set }: ManifestsOptions): Promise<ValuesInput> {
  let merged: DataMap = {}
  for (const file of files) merged = mergeValues(merged, await readMap(file))
  for (const assignment of set) merged = mergeValues(merged, readAssignment(assignment))
  return merged as ValuesInput
}

async function readMap(file: string): Promise<DataMap> {
  let content: unknown
  try {
    // Helm reads YAML 1.1 as well.
    content = parse(await readFile(file, 'utf8'), { version: '1.1' })
  } catch (error) {
    throw new CliError('usage', `Could not read values from ${file}: ${fileReason(error)}.`)
  }
  if (content === null || content === undefined) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new CliError('usage', `Expected a map of values in ${file}, for example \`server: { image: … }\`.`)
  }
  return content as DataMap
}

function readAssignment(assignment: string): DataMap {
  const [, path, value] = /^([\w.]+)=(.*)$/s.exec(assignment) ?? []
  if (path === undefined || value === undefined) {
    throw new CliError('usage', `Expected key=value for \`--set\`, got \`${assignment}\`.`)
  }
  const parsed: unknown = parse(value, { version: '1.1' })
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), parsed ?? '') as DataMap
}

function render(namespace: string, values: ValuesInput): Manifest[] {
  try {
    return renderManifests({ namespace, values })
  } catch (error) {
    if (!ValuesError.isInstance(error)) throw error
    const problems = error.problems.map((problem) => `  ${problem}`)
    throw new CliError(
      'usage',
      ['The values are invalid. `agent-jobs manifests --show-values` lists them.', ...problems].join('\n'),
    )
  }
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
