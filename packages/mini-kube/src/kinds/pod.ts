import { fieldForbidden, fieldInvalid, type StatusCause } from '../api-error.ts'
import { goDiff, goForm } from '../schema/go-form.ts'
import type { Container, ContainerStatus, KubeObject, Pod } from '../types.ts'
import { ageColumn, ageOf, defineResource, nameColumn, sameJson, type TableColumn } from './resource-definition.ts'
import { defaultPodSpec, qosClass } from './pod-defaults.ts'
import { validatePodSpec } from './validate-pod-spec.ts'

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

const frozen =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** The error for an immutable field, with the difference in the form of the server's own types. */
function updateCauses(next: Pod, old: Pod): StatusCause[] {
  for (const field of ['containers', 'initContainers'] as const) {
    if ((next.spec[field] ?? []).length !== (old.spec[field] ?? []).length)
      return [fieldForbidden(`spec.${field}`, 'pod updates may not add or remove containers')]
  }
  const [wanted, before] = [next.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds]
  if (before !== undefined && (wanted === undefined || wanted > before)) {
    const why =
      wanted === undefined
        ? 'must not update from a positive integer to nil value'
        : 'must be less than or equal to previous value'
    return [fieldInvalid('spec.activeDeadlineSeconds', wanted ?? null, why)]
  }
  // Admission restores the tolerations for node conditions if they are removed.
  const kept = (old.spec.tolerations ?? []).filter(
    (one) =>
      !one.key?.startsWith('node.kubernetes.io/') &&
      !(next.spec.tolerations ?? []).some((other) => sameJson(one, other)),
  )
  const same = sameJson(changeable(next), changeable(old)) && kept.length === 0
  return same
    ? []
    : [
        fieldForbidden(
          'spec',
          `${frozen}\n${goDiff(goForm('PodSpec', old.spec), goForm('PodSpec', mended(next, old)))}`,
        ),
      ]
}

/** The requested specification, but with the old values of mutable fields. */
function mended(next: Pod, old: Pod): Pod['spec'] {
  const images = (list: Container[], before: Container[]) =>
    list.map((one, index) => Object.assign({}, one, { image: before[index]?.image }))
  const spec = { ...next.spec, containers: images(next.spec.containers, old.spec.containers) }
  if (next.spec.initContainers !== undefined)
    spec.initContainers = images(next.spec.initContainers, old.spec.initContainers ?? [])
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const) {
    delete spec[name]
    if (old.spec[name] !== undefined) Object.assign(spec, { [name]: old.spec[name] })
  }
  return spec
}

/** Only these parts of a Pod's specification may change after creation. */
const changeable = (pod: Pod) => ({
  ...pod.spec,
  containers: pod.spec.containers.map(({ image: _image, ...rest }) => rest),
  initContainers: pod.spec.initContainers?.map(({ image: _image, ...rest }) => rest),
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
    { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
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
  defaults: (object) => {
    asPod(object).spec ??= { containers: [] }
    defaultPodSpec(asPod(object).spec)
  },
  prepareCreate: (object) => {
    const made = asPod(object)
    made.spec ??= { containers: [] }
    made.status = { phase: 'Pending' }
    if (typeof made.spec === 'object') {
      made.spec.containers ??= []
      defaultPodSpec(made.spec)
      made.status = { phase: 'Pending', qosClass: qosClass(made.spec) }
    }
  },
  validate: (object) => validatePodSpec(asPod(object).spec, 'spec'),
  validateUpdate: (next, old) => updateCauses(asPod(next), asPod(old)),
})
