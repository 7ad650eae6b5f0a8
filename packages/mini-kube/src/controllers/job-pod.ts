import type { Container, Job, JsonObject, PodSpec } from '../types.ts'
import { indexKey, type PodOrder } from './indexed-pods.ts'
import { trackingFinalizer } from './job-plan.ts'

/** The pod that a Job's controller creates for an order. */
export function podFrom(job: Job, { index, annotations }: PodOrder): JsonObject {
  const { metadata = {}, spec } = job.spec.template
  const { name, uid } = job.metadata
  const ofIndex = index === undefined ? {} : { [indexKey]: String(index) }
  const labels = { ...metadata.labels, ...ofIndex }
  const notes = { ...metadata.annotations, ...ofIndex, ...annotations }
  return {
    metadata: {
      generateName: index === undefined ? `${name}-` : indexedPrefix(name, index),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
      finalizers: [...(metadata.finalizers ?? []), trackingFinalizer],
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: index === undefined ? spec : { ...withIndexVariable(spec), hostname: `${name}-${index}` },
  }
}

/** The fixed part of a generated name; the Job name is shortened to fit the index. */
function indexedPrefix(name: string, index: number): string {
  const ending = `-${index}-`
  return `${name.slice(0, 58 - ending.length)}${ending}`
}

/** Passes the index to every container of an Indexed Job. */
function withIndexVariable(spec: PodSpec): PodSpec {
  const name = 'JOB_COMPLETION_INDEX'
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${indexKey}']` }
  const told = (containers: Container[]) =>
    containers.map((one) =>
      one.env?.some((variable) => variable.name === name)
        ? one
        : { ...one, env: [...(one.env ?? []), { name, valueFrom: { fieldRef } }] },
    )
  return {
    ...spec,
    containers: told(spec.containers),
    ...(spec.initContainers === undefined ? {} : { initContainers: told(spec.initContainers) }),
  }
}
