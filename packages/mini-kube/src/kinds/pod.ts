import { fieldForbidden } from '../api-error.ts'
import type { ContainerStatus, KubeObject, Pod } from '../types.ts'
import { ageColumn, ageOf, defineResource, nameColumn, sameJson, type TableColumn } from './resource-definition.ts'
import { defaultPodSpec, qosClass, validatePodSpec } from './pod-defaults.ts'

/** The STATUS column of `kubectl get pods`, by the rules of the API server's printer. */
function podStatusText(pod: Pod): string {
  const { status } = pod
  let text: string = status.reason || status.phase || ''
  let initializing = false
  const inits = status.initContainerStatuses ?? []
  for (const [index, init] of inits.entries()) {
    const spec = pod.spec.initContainers?.find((container) => container.name === init.name)
    if (init.state.terminated?.exitCode === 0) continue
    if (spec?.restartPolicy === 'Always' && init.started) continue
    if (init.state.terminated)
      text = `Init:${init.state.terminated.reason || `ExitCode:${init.state.terminated.exitCode}`}`
    else if (init.state.waiting?.reason && init.state.waiting.reason !== 'PodInitializing') {
      text = `Init:${init.state.waiting.reason}`
    } else text = `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
    initializing = true
    break
  }
  const containers = status.containerStatuses ?? []
  if (!initializing) {
    let running = false
    for (const { state, ready } of containers.toReversed()) {
      if (state.waiting?.reason) text = state.waiting.reason
      else if (state.terminated) text = state.terminated.reason || `ExitCode:${state.terminated.exitCode}`
      else if (ready && state.running) running = true
    }
    if (text === 'Completed' && running) text = 'Running'
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') return 'Unknown'
    if (status.phase !== 'Failed' && status.phase !== 'Succeeded') return 'Terminating'
  }
  return text
}

const restarts = (statuses: ContainerStatus[]) => statuses.reduce((sum, status) => sum + status.restartCount, 0)
const asPod = (object: KubeObject) => object as Pod
const statusesOf = (object: KubeObject) => asPod(object).status.containerStatuses ?? []

const columns: TableColumn[] = [
  nameColumn,
  {
    name: 'Ready',
    type: 'string',
    value: (object) =>
      `${statusesOf(object).filter((status) => status.ready).length}/${asPod(object).spec.containers.length}`,
  },
  { name: 'Status', type: 'string', value: (object) => podStatusText(asPod(object)) },
  {
    name: 'Restarts',
    type: 'string',
    value: (object, { now }) => {
      const last = statusesOf(object)
        .map((status) => status.lastState.terminated?.finishedAt)
        .find((at) => at)
      const count = restarts(statusesOf(object))
      return count > 0 && last ? `${count} (${ageOf(last, now)} ago)` : String(count)
    },
  },
  ageColumn,
  { name: 'IP', type: 'string', priority: 1, value: (object) => asPod(object).status.podIP ?? '<none>' },
  { name: 'Node', type: 'string', priority: 1, value: (object) => asPod(object).spec.nodeName ?? '<none>' },
  { name: 'Nominated Node', type: 'string', priority: 1, value: () => '<none>' },
  { name: 'Readiness Gates', type: 'string', priority: 1, value: () => '<none>' },
]

/** Only these parts of a Pod's specification may change after creation. */
const changeable = (pod: Pod) => ({
  ...pod.spec,
  containers: pod.spec.containers.map(({ image: _image, resources: _resources, ...rest }) => rest),
  initContainers: pod.spec.initContainers?.map(({ image: _image, resources: _resources, ...rest }) => rest),
  activeDeadlineSeconds: undefined,
  tolerations: undefined,
  terminationGracePeriodSeconds: undefined,
  schedulingGates: undefined,
})

export const pod = defineResource({
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  gracefulDeletion: true,
  subresources: [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
  ],
  columns,
  selectableFields: (object) => {
    const { spec, status } = asPod(object)
    return {
      'spec.nodeName': spec.nodeName ?? '',
      'spec.restartPolicy': spec.restartPolicy ?? '',
      'spec.schedulerName': String(spec['schedulerName'] ?? ''),
      'spec.serviceAccountName': spec.serviceAccountName ?? '',
      'spec.hostNetwork': String(spec['hostNetwork'] ?? false),
      'status.phase': status.phase ?? '',
      'status.podIP': status.podIP ?? '',
      'status.nominatedNodeName': '',
    }
  },
  prepareCreate: (object) => {
    const made = asPod(object)
    if (typeof made.spec === 'object') {
      made.spec.containers ??= []
      defaultPodSpec(made.spec)
      made.status = { phase: 'Pending', qosClass: qosClass(made.spec) }
    }
  },
  validate: (object) => validatePodSpec(asPod(object).spec, 'spec'),
  validateUpdate: (next, old) =>
    sameJson(changeable(asPod(next)), changeable(asPod(old)))
      ? []
      : [
          fieldForbidden(
            'spec',
            'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
          ),
        ],
})
