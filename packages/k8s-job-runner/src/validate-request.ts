import { isDnsLabel, isDnsName, isLabelKey, isLabelValue } from './label-value.ts'
import { reservedPrefix } from './labels.ts'
import { RunError } from './run-error.ts'
import type { RunRequest } from './run-request.ts'
import { podProblems } from './validate-pod.ts'

/** The kernel refuses a larger environment variable (docs/kubernetes-facts.md#environment-size). */
const envLimitBytes = 131_072
const minimumTtlSeconds = 3600
/** All annotations of an object together; what this package adds takes less than the rest up to 256 KiB. */
const annotationLimitBytes = 200_000
const idLimitBytes = 1024

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isCount = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least

function envProblems(request: RunRequest): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  const sources = [
    ['env', request.env],
    ['secretEnv', request.secretEnv],
    ['envValueFrom', request.envValueFrom],
  ] as const
  for (const [field, variables] of sources) {
    for (const [name, value] of Object.entries(variables ?? {})) {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
        problems.push(`Expected each name in \`${field}\` to be an environment variable name, got ${show(name)}`)
      }
      if (name.startsWith('AGENT_JOBS_')) {
        problems.push(`\`${field}.${name}\` is reserved: names starting with AGENT_JOBS_ belong to the launcher`)
      }
      const other = seen.get(name)
      if (other !== undefined) problems.push(`\`${name}\` is in both \`${other}\` and \`${field}\`; keep one`)
      seen.set(name, field)
      if (field === 'envValueFrom') continue
      if (typeof value !== 'string') {
        problems.push(`Expected \`${field}.${name}\` to be a string, got ${show(value)}`)
        continue
      }
      if (value.includes('\0')) problems.push(`\`${field}.${name}\` holds a NUL character; no process can take one`)
      const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(value) + 1
      if (bytes > envLimitBytes) {
        problems.push(
          `\`${field}.${name}\` takes ${bytes} bytes; the kernel takes at most ${envLimitBytes} for one variable. Put it in \`command.files\``,
        )
      }
    }
  }
  return problems
}

function commandProblems({ command }: RunRequest): string[] {
  const argv: unknown = command?.argv
  if (!Array.isArray(argv) || argv.length === 0) {
    return [`Expected \`command.argv\` to be a non-empty array of strings, got ${show(argv)}`]
  }
  const problems: string[] = []
  argv.forEach((part: unknown, index) => {
    if (typeof part !== 'string') {
      problems.push(`Expected \`command.argv[${index}]\` to be a string, got ${show(part)}`)
    } else if (part.includes('\0')) problems.push(`\`command.argv[${index}]\` holds a NUL character`)
  })
  if (argv[0] === '') problems.push('Expected `command.argv[0]` to name a program, got an empty string')
  const cwd = command.cwd
  if (cwd !== undefined && !cwd.startsWith('/')) {
    problems.push(`Expected \`command.cwd\` to be an absolute path, got ${show(cwd)}`)
  }
  return problems
}

function metadataProblems(request: RunRequest): string[] {
  const problems: string[] = []
  for (const field of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(request[field] ?? {})) {
      if (!isLabelKey(key)) problems.push(`\`${field}\`: ${show(key)} is not a valid key`)
      if (key.startsWith(reservedPrefix)) problems.push(`\`${field}\`: ${key} is reserved (${reservedPrefix})`)
      if (typeof value !== 'string') {
        problems.push(`Expected \`${field}["${key}"]\` to be a string, got ${show(value)}`)
      } else if (field === 'labels' && !isLabelValue(value)) {
        problems.push(
          `\`labels["${key}"]\` is ${show(value)}; a label value has at most 63 of a-z A-Z 0-9 . _ - and starts and ends with a letter or digit`,
        )
      }
    }
  }
  const bytes = Buffer.byteLength(JSON.stringify(request.annotations ?? {}))
  if (bytes > annotationLimitBytes) {
    problems.push(`\`annotations\` take ${bytes} bytes; at most ${annotationLimitBytes} fit on a Job`)
  }
  return problems
}

function volumeProblems(request: RunRequest): string[] {
  const problems: string[] = []
  const volumes = new Set((request.volumes ?? []).map(({ name }) => name))
  if (volumes.size !== (request.volumes ?? []).length) problems.push('`volumes` holds two of the same name')
  const paths = new Set<string>()
  for (const { name, mountPath } of request.mounts ?? []) {
    if (!volumes.has(name)) problems.push(`\`mounts\`: ${show(name)} at ${mountPath} is not in \`volumes\``)
    if (!mountPath.startsWith('/')) problems.push(`\`mounts\`: ${show(mountPath)} is not an absolute path`)
    if (paths.has(mountPath)) problems.push(`\`mounts\`: ${mountPath} is mounted twice`)
    paths.add(mountPath)
  }
  const journal = request.journal?.path
  if (journal !== undefined && !journal.startsWith('/')) {
    problems.push(`Expected \`journal.path\` to be an absolute path, got ${show(journal)}`)
  }
  return problems
}

function numberProblems(request: RunRequest): string[] {
  const problems: string[] = []
  const check = (field: string, value: unknown, least: number): void => {
    if (value !== undefined && !isCount(value, least)) {
      problems.push(`Expected \`${field}\` to be a whole number of at least ${least}, got ${show(value)}`)
    }
  }
  check('deadlineSeconds', request.deadlineSeconds, 1)
  check('terminationGracePeriodSeconds', request.terminationGracePeriodSeconds, 1)
  check('ttlSecondsAfterFinished', request.ttlSecondsAfterFinished, minimumTtlSeconds)
  check('start.budgetSeconds', request.start?.budgetSeconds, 1)
  check('start.unschedulableGraceSeconds', request.start?.unschedulableGraceSeconds, 0)
  check('start.missingGraceSeconds', request.start?.missingGraceSeconds, 0)
  check('start.refusedGraceSeconds', request.start?.refusedGraceSeconds, 0)
  return problems
}

function nameProblems(request: RunRequest): string[] {
  const problems: string[] = []
  const { key, runId, name, namePrefix, containerName, image, queue } = request
  if (!isText(key)) problems.push(`Expected \`key\` to be a non-empty string, got ${show(key)}`)
  if (!isText(runId)) problems.push(`Expected \`runId\` to be a non-empty string, got ${show(runId)}`)
  for (const [field, value] of Object.entries({ key, runId })) {
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : 0
    if (bytes > idLimitBytes)
      problems.push(`\`${field}\` takes ${bytes} bytes; at most ${idLimitBytes} are kept with a Job`)
  }
  if (!isText(image) || /\s/.test(image)) {
    problems.push(`Expected \`image\` to be an image name without white space, got ${show(image)}`)
  }
  if (name !== undefined && !isDnsLabel(name)) {
    problems.push(`Expected \`name\` to be at most 63 of a-z 0-9 - (a DNS label), got ${show(name)}`)
  }
  if (namePrefix !== undefined && !(isDnsLabel(namePrefix) && namePrefix.length <= 22)) {
    problems.push(`Expected \`namePrefix\` to be a DNS label of at most 22 characters, got ${show(namePrefix)}`)
  }
  if (containerName !== undefined && !isDnsLabel(containerName)) {
    problems.push(`Expected \`containerName\` to be a DNS label, got ${show(containerName)}`)
  }
  const isObjectName = (value: unknown): boolean => typeof value === 'string' && isDnsName(value) && isLabelValue(value)
  if (queue !== undefined && !isObjectName(queue.name)) {
    problems.push(`Expected \`queue.name\` to be the name of a LocalQueue, got ${show(queue.name)}`)
  }
  if (queue?.priorityClass !== undefined && !isObjectName(queue.priorityClass)) {
    problems.push(
      `Expected \`queue.priorityClass\` to be the name of a WorkloadPriorityClass, got ${show(queue.priorityClass)}`,
    )
  }
  const names = [containerName ?? 'main', ...(request.sidecars ?? []).map((sidecar) => sidecar.name)]
  if (new Set(names).size !== names.length) problems.push('`sidecars` holds a name that another container has')
  return problems
}

/** Everything that is wrong with a request, one sentence for each problem; empty when it can become a Job. */
export function requestProblems(request: RunRequest): string[] {
  return [
    nameProblems,
    commandProblems,
    envProblems,
    metadataProblems,
    volumeProblems,
    numberProblems,
    podProblems,
  ].flatMap((find) => find(request))
}

/** Throws a {@link RunError} that lists every problem, before anything is created. */
export function validateRequest(request: RunRequest): void {
  const problems = requestProblems(request)
  if (problems.length === 0) return
  throw new RunError('invalid_request', `The run request is not valid: ${problems.join('; ')}.`, { problems })
}
