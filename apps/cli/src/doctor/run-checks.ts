import { buildManifest } from '@agent-jobs/k8s-job-runner'
import { isForbidden, isNotFound, KubeError, kinds, type KubeClient, type ServerWarning } from '@agent-jobs/kube-api'
import type { V1ResourceQuota } from '@kubernetes/client-node'
import type { Agent } from '@agent-jobs/agent-run'
import { createRunRequest } from '../run/run-request.ts'
import { shownServer } from '../cluster/resolve-cluster.ts'
import type { Finding } from './finding.ts'
import { grantCommands, neededPermissions } from './needed-permissions.ts'

/** Where runs will be created, and as which user. */
export interface RunChecksOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly agent: Agent
  readonly image: string
  /** Someone else, as `kubectl --as` names them; undefined for the owner of the kubeconfig. */
  readonly as: string | undefined
  /** The service account of the pods. */
  readonly serviceAccount: string | undefined
  /** Create what is missing, where that changes nothing else. */
  readonly fix: boolean
  /** Warnings that the server sent with its answers, such as those of Pod Security. */
  readonly warnings: readonly ServerWarning[]
}

/** Checks whether runs can work in a namespace. Yields findings one by one; stops when nothing more can be checked. */
export async function* runChecks(options: RunChecksOptions): AsyncGenerator<Finding> {
  const version = await serverVersion(options)
  yield version
  if (version.level === 'error') return
  const namespace = await namespaceState(options)
  yield namespace
  if (namespace.level === 'error') return
  yield* permissions(options)
  yield* serviceAccount(options)
  yield* quotas(options)
  yield* dryRun(options)
}

async function serverVersion({ client }: RunChecksOptions): Promise<Finding> {
  const where = shownServer(client.server)
  try {
    const { gitVersion } = await client.request<{ gitVersion?: string }>({ method: 'GET', path: '/version' })
    return {
      code: 'server',
      level: 'info',
      message: `Kubernetes ${gitVersion ?? 'of unknown version'} answers at ${where}.`,
    }
  } catch (cause) {
    if (!KubeError.isInstance(cause)) throw cause
    return {
      code: cause.code,
      level: 'error',
      message: `${where} cannot be used: ${cause.message}`,
      hint: `agent-jobs explain ${cause.code}`,
    }
  }
}

async function namespaceState({ client, namespace, fix }: RunChecksOptions): Promise<Finding> {
  try {
    const { metadata } = await client.get(kinds.Namespace, { name: namespace })
    if (metadata?.deletionTimestamp === undefined) {
      return { code: 'namespace', level: 'info', message: `The namespace ${namespace} exists.` }
    }
    return {
      code: 'namespace_terminating',
      level: 'error',
      message: `The namespace ${namespace} is being deleted: nothing can be created in it.`,
      hint: 'Use another --namespace, or wait until it is gone and create it again.',
    }
  } catch (cause) {
    if (isForbidden(cause)) {
      return {
        code: 'namespace_hidden',
        level: 'info',
        message: `You may not read the namespace ${namespace} itself, which runs do not need.`,
      }
    }
    if (!isNotFound(cause)) throw cause
    if (fix) {
      await client.create(kinds.Namespace, { metadata: { name: namespace } })
      return { code: 'namespace_created', level: 'info', message: `The namespace ${namespace} was created.` }
    }
    return {
      code: 'no_namespace',
      level: 'error',
      message: `Namespace ${namespace} not found.`,
      hint: `kubectl create namespace ${namespace}   (doctor --fix does it)`,
    }
  }
}

async function* permissions(options: RunChecksOptions): AsyncGenerator<Finding> {
  const { namespace, as } = options
  const wanted = neededPermissions.flatMap(({ group, resource, verbs }) =>
    verbs.map((verb) => ({ group, resource, verb })),
  )
  let answers: boolean[]
  try {
    answers = await Promise.all(wanted.map((each) => mayI(options, each)))
  } catch (cause) {
    if (as === undefined || !isForbidden(cause)) throw cause
    yield {
      code: 'impersonation_forbidden',
      level: 'error',
      message: `You may not act as ${as}.`,
      hint: 'Ask for `impersonate` on it, or have its owner run doctor.',
    }
    return
  }
  const missing = wanted.filter((_, at) => !answers[at])
  const who = as === undefined ? 'You have' : `${as} has`
  if (missing.length === 0) {
    yield { code: 'permissions', level: 'info', message: `${who} every permission that runs need in ${namespace}.` }
    return
  }
  yield {
    code: 'permissions_missing',
    level: 'error',
    message: `${as === undefined ? 'You lack' : `${as} lacks`} ${missing.length} of ${wanted.length} permissions that runs need in ${namespace}.`,
    detail: missing.map(({ resource, verb }) => `${verb} ${resource}`).join(', '),
    hint: `Someone who may grant them runs:\n    ${grantCommands(missing, { namespace, subject: subjectOf(as) })}`,
  }
}

function subjectOf(as: string | undefined): string {
  const [, space, name] = /^system:serviceaccount:([^:]+):(.+)$/.exec(as ?? '') ?? []
  return name === undefined ? `--user=${as ?? 'YOUR-NAME'}` : `--serviceaccount=${space}:${name}`
}

async function mayI(
  { client, namespace, as }: RunChecksOptions,
  { group, resource, verb }: { group: string; resource: string; verb: string },
): Promise<boolean> {
  const [name, subresource] = resource.split('/')
  const { status } = await client.request<{ status?: { allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    ...(as === undefined ? {} : { headers: { 'impersonate-user': as } }),
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          namespace,
          group,
          resource: name,
          ...(subresource === undefined ? {} : { subresource }),
          verb,
        },
      },
    },
  })
  return status?.allowed === true
}

async function* serviceAccount({
  client,
  namespace,
  serviceAccount: name,
  fix,
}: RunChecksOptions): AsyncGenerator<Finding> {
  if (name === undefined) return
  try {
    await client.get(kinds.ServiceAccount, { name, namespace })
    yield { code: 'service_account', level: 'info', message: `The service account ${name} exists.` }
  } catch (cause) {
    if (isForbidden(cause)) return
    if (!isNotFound(cause)) throw cause
    if (fix) {
      await client.create(kinds.ServiceAccount, { metadata: { name, namespace } })
      yield {
        code: 'service_account_created',
        level: 'info',
        message: `The service account ${name} was created; it has no permissions of its own.`,
      }
      return
    }
    yield {
      code: 'service_account_missing',
      level: 'error',
      message: `Service account ${name} not found in namespace ${namespace}.`,
      hint: `kubectl create serviceaccount ${name} -n ${namespace}   (doctor --fix does it)`,
    }
  }
}

async function* quotas({ client, namespace }: RunChecksOptions): AsyncGenerator<Finding> {
  let items: V1ResourceQuota[]
  try {
    ;({ items } = await client.list(kinds.ResourceQuota, { namespace }))
  } catch (cause) {
    if (isForbidden(cause)) return
    throw cause
  }
  for (const { metadata, spec, status } of items) {
    const hard = Object.entries(status?.hard ?? spec?.hard ?? {})
    const full = hard.filter(([name, limit]) => limit === (status?.used?.[name] ?? '0'))
    if (full.length > 0) {
      yield {
        code: 'quota_full',
        level: 'error',
        message: `The quota ${metadata?.name} is used up: ${full.map(([name, limit]) => `${name} ${limit}`).join(', ')}.`,
        hint: 'End other runs with `agent-jobs cancel`, or have the quota raised.',
      }
    }
  }
}

/** Asks the API server to validate the Job and its pod, without creating either. */
async function* dryRun(options: RunChecksOptions): AsyncGenerator<Finding> {
  const { client, namespace, agent, image, warnings } = options
  const request = createRunRequest({
    agent,
    image,
    runId: 'doctor',
    prompt: 'dry run',
    secretEnv: {},
    serviceAccount: options.serviceAccount,
  })
  const { job } = buildManifest(request, namespace)
  const seen = warnings.length
  try {
    await client.create(kinds.Job, job, { namespace, dryRun: true })
    const { metadata, spec } = job.spec?.template ?? {}
    const pod = {
      metadata: { ...metadata, generateName: 'agent-jobs-doctor-', namespace },
      ...(spec === undefined ? {} : { spec }),
    }
    await client.create(kinds.Pod, pod, { namespace, dryRun: true })
  } catch (cause) {
    if (!KubeError.isInstance(cause)) throw cause
    // Who may create Jobs need not be allowed to create pods: the controller does that.
    if (cause.object?.kind === 'Pod' && cause.refusal?.cause === 'rbac') return
    yield refused(cause)
    return
  }
  const said = warnings.slice(seen).map(({ text }) => text)
  if (said.length === 0) {
    yield { code: 'dry_run', level: 'info', message: 'The API server accepts the Job and its pod (dry run).' }
  } else {
    yield {
      code: 'dry_run_warned',
      level: 'warn',
      message: 'The API server accepts the Job, with a warning.',
      detail: said.join(' '),
    }
  }
}

function refused({ message, refusal }: KubeError): Finding {
  const demands = refusal?.cause === 'quota_unspecified' ? /must specify (.+)$/s.exec(refusal.detail)?.[1] : undefined
  if (demands === undefined) {
    return {
      code: 'dry_run_refused',
      level: 'error',
      message: 'The API server refuses the Job or its pod (dry run).',
      detail: message,
      ...(refusal === undefined ? {} : { hint: refusal.remedy }),
    }
  }
  const flags: Readonly<Record<string, string>> = {
    'limits.cpu': '--limit-cpu 2',
    'requests.cpu': '--cpu 500m',
    cpu: '--cpu 500m',
    'limits.memory': '--memory 4Gi',
    'requests.memory': '--memory 4Gi',
    memory: '--memory 4Gi',
  }
  const needed = new Set(
    Object.entries(flags).flatMap(([name, flag]) => (new RegExp(`\\b${name}\\b`).test(demands) ? [flag] : [])),
  )
  return {
    code: 'quota_demands',
    level: 'error',
    message: `The quota ${refusal?.by ?? ''} demands ${demands
      .split(/; ?/)
      .map((each) => each.replace(/ for:.*/, ''))
      .join(', ')} of every pod.`,
    hint: `agent-jobs run ${[...needed].join(' ')} …   or give the namespace a LimitRange with defaults.`,
  }
}
