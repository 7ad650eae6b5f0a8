import type { ContainerStatus, Job, Pod, PodFailureRule } from '../types.ts'

/** What the podFailurePolicy of a Job says about one failed pod. */
export interface PolicyMatch {
  action: string
  /** Why the Job fails; only `FailJob` has one. */
  message: string
}

function failedContainer(pod: Pod, { containerName, operator, values }: NonNullable<PodFailureRule['onExitCodes']>) {
  const fits = ({ name, state }: ContainerStatus) => {
    const code = state.terminated?.exitCode ?? 0
    if (code === 0 || (containerName !== undefined && containerName !== name)) return false
    return values.includes(code) === (operator === 'In')
  }
  return pod.status.containerStatuses?.find(fits) ?? pod.status.initContainerStatuses?.find(fits)
}

/** The first rule that matches a pod in phase Failed; a pod without a match counts as failed. */
export function matchFailurePolicy(job: Job, pod: Pod): PolicyMatch | undefined {
  if (pod.status.phase !== 'Failed') return undefined
  const place = `${pod.metadata.namespace}/${pod.metadata.name}`
  for (const [index, { action, onExitCodes, onPodConditions }] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const ending = `matching ${action} rule at index ${index}`
    if (onExitCodes !== undefined) {
      const found = failedContainer(pod, onExitCodes)
      if (found === undefined) continue
      const code = found.state.terminated?.exitCode
      return { action, message: `Container ${found.name} for pod ${place} failed with exit code ${code} ${ending}` }
    }
    const found = pod.status.conditions?.find((one) =>
      onPodConditions?.some((pattern) => one.type === pattern.type && one.status === (pattern.status ?? 'True')),
    )
    if (found !== undefined) return { action, message: `Pod ${place} has condition ${found.type} ${ending}` }
  }
  return undefined
}
