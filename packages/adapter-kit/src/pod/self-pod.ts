import { errorMessage } from '@agent-jobs/primitives'
import { readFileSync } from 'node:fs'
import { isForbidden, isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { V1EnvVar } from '@kubernetes/client-node'
import { AdapterError } from '../adapter-error.ts'
import { errnoOf } from '../system-error.ts'
import { isSourceAllowed, judgeInherited, type EnvPolicy } from './env-policy.ts'
import { inheritFromPod, type InheritedEnv, type InheritOptions, type PodInheritance } from './inherit-from-pod.ts'

type Env = Readonly<Record<string, string | undefined>>

const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

function namespaceOfAccount(): string | null {
  try {
    return readFileSync(namespaceFile, 'utf8').trim() || null
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(String(errnoOf(error)))) return null
    throw error
  }
}

/** The namespace that the Paperclip server runs in. */
export function ownNamespace(env: Env, contextNamespace: string | null): string {
  return (
    env['PAPERCLIP_NAMESPACE']?.trim() ||
    env['POD_NAMESPACE']?.trim() ||
    namespaceOfAccount() ||
    contextNamespace ||
    'default'
  )
}

/** Reads the server's own pod; null when the server is not a pod of this cluster. */
export async function readSelfPod(input: {
  client: KubeClient
  env: Env
  namespace: string
  options: InheritOptions
  signal: AbortSignal
}): Promise<PodInheritance | null> {
  const { client, env, namespace, options, signal } = input
  const name = env['PAPERCLIP_POD_NAME']?.trim() || env['POD_NAME']?.trim() || env['HOSTNAME']?.trim()
  if (!name) return null
  try {
    return inheritFromPod(await client.get(kinds.Pod, { name, namespace, signal }), options)
  } catch (error) {
    if (isNotFound(error)) return null
    if (AdapterError.isInstance(error)) throw error
    const what = isForbidden(error) ? 'may not be read' : 'cannot be read'
    throw new AdapterError(
      isForbidden(error) ? 'k8s_forbidden' : 'k8s_api_unreachable',
      `The Paperclip server's own pod ${namespace}/${name} ${what}: ${errorMessage(error)}. Its image, volume and environment are what agent pods are made of; grant "get" on pods in ${namespace}.`,
      { cause: error, retryable: !isForbidden(error) },
    )
  }
}

/**
 * Narrows whole sources (`envFrom`) to the keys that the rule allows, each as a reference of its own. Values are never
 * copied. A source that may not be read is left out and named.
 */
export async function narrowSources(input: {
  client: KubeClient
  namespace: string
  env: Pick<InheritedEnv, 'sources'>
  policy: EnvPolicy
  signal: AbortSignal
}): Promise<{ references: V1EnvVar[]; withheld: InheritedEnv['withheld']; warnings: string[] }> {
  const { client, namespace, policy, signal } = input
  const result: Awaited<ReturnType<typeof narrowSources>> = { references: [], withheld: [], warnings: [] }
  for (const { prefix = '', secretRef, configMapRef } of input.env.sources) {
    const name = secretRef?.name ?? configMapRef?.name
    if (!name) continue
    const label = `${secretRef ? 'secret' : 'configmap'}/${name}`
    if (isSourceAllowed(label, policy.deny)) continue
    let keys: string[]
    try {
      const source = await (secretRef
        ? client.get(kinds.Secret, { name, namespace, signal })
        : client.get(kinds.ConfigMap, { name, namespace, signal }))
      keys = Object.keys(source.data ?? {})
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error
      if (isForbidden(error)) {
        result.warnings.push(
          `The server's environment source ${label} may not be read, so its variables are not passed on. Grant "get" on it, or set the agent's variables in "env".`,
        )
      }
      continue
    }
    const everything = isSourceAllowed(label, policy.allow)
    for (const key of keys) {
      const variable = `${prefix}${key}`
      const verdict = judgeInherited(variable, { ...policy, allow: everything ? ['*'] : policy.allow })
      if (!verdict.keep) {
        result.withheld.push({ name: variable, reason: verdict.reason })
        continue
      }
      const reference = { name, key, optional: true }
      result.references.push({
        name: variable,
        valueFrom: secretRef ? { secretKeyRef: reference } : { configMapKeyRef: reference },
      })
    }
  }
  return result
}
