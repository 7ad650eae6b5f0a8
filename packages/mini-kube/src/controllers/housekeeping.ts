import type { ClusterCore } from '../cluster-core.ts'
import { ApiError, forbidden, notFound } from '../api-error.ts'
import {
  configMap,
  namespace as namespaceResource,
  node,
  persistentVolumeClaim,
  serviceAccount,
} from '../kinds/core.ts'
import { job as jobResource, jobFinished } from '../kinds/job.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { admitPod } from '../kinds/pod-defaults.ts'
import { resources } from '../kinds/registry.ts'
import { kubernetesVersion } from '../api/discovery.ts'
import { wholeSeconds } from '../names.ts'
import type { Job, JsonObject, KubeObject, Pod } from '../types.ts'
import { keyOf, splitKey, WorkQueue } from './work-queue.ts'

const namespaced = resources.filter((resource) => resource.namespaced && resource.stored)

/** Fills new namespaces and empties deleted ones. */
export function startNamespaces(cluster: ClusterCore): void {
  const { store, objects } = cluster
  const queue = new WorkQueue(cluster, 'namespaces', (name) => {
    const namespace = objects.get(namespaceResource, undefined, name)
    if (namespace?.metadata.deletionTimestamp === undefined) return
    let left = 0
    for (const resource of namespaced) {
      for (const object of objects.list(resource, name)) {
        if (object.metadata.deletionTimestamp === undefined)
          objects.delete(resource, name, object.metadata.name, { propagationPolicy: 'Background' })
      }
      left += objects.list(resource, name).length
    }
    if (left > 0) return
    store.remove(namespaceResource.id, { ...namespace, spec: {} })
  })
  store.subscribe(namespaceResource.id, ({ type, object }) => {
    if (type === 'DELETED') return
    const { name, deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined) queue.add(name)
    else if (type === 'ADDED') {
      objects.create(serviceAccount, name, { metadata: { name: 'default' } })
      objects.create(configMap, name, { metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': '' } })
    }
  })
  for (const resource of namespaced) {
    store.subscribe(resource.id, ({ type, object }) => {
      if (type === 'DELETED' && object.metadata.namespace !== undefined) queue.add(object.metadata.namespace)
    })
  }
}

/** Namespace and ServiceAccount checks that come before a new object. */
export function admissionOf(cluster: ClusterCore) {
  const { objects } = cluster
  return (
    resource: { id: string; group: string; plural: string; kind: string; namespaced: boolean },
    object: KubeObject,
    operation: 'create' | 'update',
  ): void => {
    if (operation !== 'create') return
    const { namespace, name } = object.metadata
    if (resource.namespaced) {
      const home = objects.get(namespaceResource, undefined, namespace ?? '')
      if (home === undefined) throw notFound(namespaceResource, namespace ?? '')
      if (home.metadata.deletionTimestamp !== undefined) {
        const error = forbidden(
          resource,
          name,
          `unable to create new content in namespace ${namespace} because it is being terminated`,
        )
        throw new ApiError(403, 'Forbidden', error.message, {
          ...error.details,
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${namespace} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        })
      }
    }
    if (resource.id !== podResource.id) return
    const pod = object as Pod
    if (typeof pod.spec !== 'object') return
    const account = pod.spec.serviceAccountName ?? 'default'
    const found = objects.get(serviceAccount, namespace, account)
    if (found === undefined) {
      throw forbidden(
        podResource,
        object.metadata.generateName ?? name,
        `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
      )
    }
    refuseUnknown(pod)
    admitPod(pod, cluster.random, found['automountServiceAccountToken'] !== false)
  }
}

/** Refuses missing runtime classes, as a real cluster does, and unsupported features. */
function refuseUnknown(pod: Pod): void {
  const { runtimeClassName, containers, initContainers = [] } = pod.spec as Pod['spec'] & { runtimeClassName?: string }
  const refuse = (why: string) => {
    throw forbidden(podResource, pod.metadata.generateName ?? pod.metadata.name, why)
  }
  if (runtimeClassName) refuse(`pod rejected: RuntimeClass "${runtimeClassName}" not found`)
  for (const { name, livenessProbe, readinessProbe, startupProbe } of [...containers, ...initContainers]) {
    if ([livenessProbe, readinessProbe, startupProbe].some((probe) => probe?.grpc !== undefined))
      refuse(`mini-kube speaks no gRPC, which a probe of container "${name}" asks for`)
  }
}

/** Binds every claim at once: a claim is a folder here. */
export function startClaims(cluster: ClusterCore): void {
  const { store, objects } = cluster
  const bind = new WorkQueue(cluster, 'claims', (key) => {
    const { namespace, name } = splitKey(key)
    const claim = objects.get(persistentVolumeClaim, namespace, name)
    if (claim === undefined) return
    if (claim.metadata.deletionTimestamp !== undefined) {
      releaseClaim(claim)
      return
    }
    const missingClass =
      claim.spec?.['storageClassName'] !== undefined &&
      !['', 'standard', 'hostpath', 'mini-kube'].includes(String(claim.spec['storageClassName']))
    if (claim.status?.['phase'] !== 'Pending' || missingClass) return
    const volumeName = `pvc-${claim.metadata.uid}`
    const capacity = (claim.spec?.['resources'] as { requests?: JsonObject } | undefined)?.requests ?? {}
    const status = { phase: 'Bound', accessModes: claim.spec?.['accessModes'] ?? [], capacity }
    store.put(persistentVolumeClaim.id, { ...claim, spec: { ...claim.spec, volumeName }, status })
  })

  /** A claim is kept until no pod uses it. */
  function releaseClaim(claim: KubeObject): void {
    const used = objects
      .list<Pod>(podResource, claim.metadata.namespace)
      .some(
        (pod) =>
          !['Succeeded', 'Failed'].includes(pod.status.phase ?? '') &&
          (pod.spec.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === claim.metadata.name),
      )
    if (used) return
    const finalizers = (claim.metadata.finalizers ?? []).filter((one) => one !== 'kubernetes.io/pvc-protection')
    objects.update(persistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, finalizers } })
  }

  store.subscribe(persistentVolumeClaim.id, ({ type, object }) => {
    if (type !== 'DELETED') bind.add(keyOf(object))
  })
  store.subscribe(podResource.id, ({ type, object }) => {
    const pod = object as Pod
    if (type !== 'DELETED' && !['Succeeded', 'Failed'].includes(pod.status.phase ?? '')) return
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.persistentVolumeClaim) bind.add(`${pod.metadata.namespace}/${volume.persistentVolumeClaim.claimName}`)
    }
  })
}

/** Deletes finished Jobs when their time to live has expired. */
export function startTtl(cluster: ClusterCore): void {
  const { store, objects, clock } = cluster
  const queue = new WorkQueue(cluster, 'ttl', (key) => {
    const { namespace, name } = splitKey(key)
    const job = objects.get<Job>(jobResource, namespace, name)
    const ttl = job?.spec.ttlSecondsAfterFinished
    if (job === undefined || ttl === undefined || !jobFinished(job) || job.metadata.deletionTimestamp !== undefined)
      return
    const ended = job.status.conditions?.find(
      (one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True',
    )
    const left = Date.parse(ended?.lastTransitionTime ?? '') + ttl * 1_000 - clock.wallTime()
    if (left > 0) queue.addAfter(key, left)
    else
      objects.delete(jobResource, namespace, name, {
        propagationPolicy: 'Foreground',
        preconditions: { uid: job.metadata.uid },
      })
  })
  store.subscribe(jobResource.id, ({ type, object }) => {
    const job = object as Job
    if (type !== 'DELETED' && job.spec.ttlSecondsAfterFinished !== undefined && jobFinished(job)) queue.add(keyOf(job))
  })
}

const healthy = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const

/** Creates the one node, with what it can hold. */
export function createNode(
  cluster: ClusterCore,
  capacity: { cpu: string; memory: string; pods: string },
  hostIP: string,
): void {
  const now = wholeSeconds(cluster.clock.wallTime())
  const { nodeName } = cluster
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const made = cluster.objects.create(node, undefined, {
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': nodeName,
        // Whatever this machine is, it represents a node that runs Linux images.
        'kubernetes.io/os': 'linux',
      },
    },
    spec: {},
  })
  cluster.store.put(node.id, {
    ...made,
    status: {
      capacity: { ...capacity, 'ephemeral-storage': '100Gi' },
      allocatable: { ...capacity, 'ephemeral-storage': '100Gi' },
      conditions: healthy.map(([type, status, reason, message]) => ({
        type,
        status,
        lastHeartbeatTime: now,
        lastTransitionTime: now,
        reason,
        message,
      })),
      addresses: [
        { type: 'InternalIP', address: hostIP },
        { type: 'Hostname', address: nodeName },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture,
        bootID: '',
        containerRuntimeVersion: 'mini-kube://processes',
        kernelVersion: '',
        kubeProxyVersion: '',
        kubeletVersion: kubernetesVersion,
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'mini-kube',
        systemUUID: '',
      },
    },
  })
}
