import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ValuesInput } from '@agent-jobs/manifests'
import { labRules } from '../lab-policy.ts'
import { folderBehind } from '../real-cluster.ts'
import { deleteManifests } from './apply-manifests.ts'
import {
  hostNames,
  podAddress,
  programsVolume,
  serverCommand,
  serverVariables,
  type Installation,
  type PodServerOptions,
} from './paperclip-pod.ts'
import type { PodDoor } from './pod-door.ts'
import { removeNamespace } from './remove-namespace.ts'

const run = promisify(execFile)
const chart = fileURLToPath(new URL('../../../../charts/paperclip-agent-jobs', import.meta.url))

/** The shipped chart with the real Helm, as the release `paperclip`. */
export interface HelmRelease {
  /** Installs the release, and removes it at the end. */
  install(options: PodServerOptions, door: PodDoor): Promise<Installation>
  /** Installs it again, with the values of the first time. */
  reinstall(): Promise<void>
  /** Upgrades it, with more values in the form of `--set`. */
  upgrade(...set: string[]): Promise<void>
  rollback(revision: number): Promise<void>
  uninstall(): Promise<void>
  /** Status and description of each revision, oldest first. */
  history(): Promise<{ revision: number; status: string }[]>
}

/** Values for this cluster, which has no registry, Services or DNS. */
function valuesFor(options: PodServerOptions, door: PodDoor): ValuesInput {
  const { volume, mount } = programsVolume(options.programs)
  const variables = Object.entries(serverVariables(options)).map(([name, value]) => ({ name, value }))
  return {
    server: {
      image: 'local/agent:1',
      command: serverCommand,
      apiUrl: door.url,
      allowedHostnames: hostNames(options.bridge),
      env: [podAddress, ...variables],
      extraVolumes: [volume],
      extraVolumeMounts: [mount],
    },
    storage: { accessMode: 'ReadWriteOnce', size: '1Gi' },
    agents: { quota: { pods: '40' } },
    shareVolume: { env: variables.filter(({ name }) => name.startsWith('KUBERNETES_')) },
    policy: labRules,
  }
}

/** Creates the handle; nothing is installed yet. */
export function helmRelease({ helm, namespace }: { helm: string; namespace: string }): HelmRelease {
  let values = ''
  const call = async (...args: string[]): Promise<string> =>
    (await run(helm, [...args, '--namespace', namespace], { maxBuffer: 64 * 1024 * 1024 })).stdout
  const patient = ['--wait', '--timeout', '240s']
  const install = () => call('install', 'paperclip', chart, '--values', values, ...patient)
  return {
    async install(options, door) {
      const { client } = options
      const agents = `${namespace}-agents`
      const rest = [{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `${agents}-paperclip-data` } }]
      // What an interrupted test left.
      await removeNamespace(client, agents, options.signal)
      await deleteManifests(client, rest)
      values = join(await mkdtemp(join(tmpdir(), 'helm-values-')), 'values.json')
      writeFileSync(values, JSON.stringify(valuesFor(options, door)))
      const installed = install()
      // The storage classes of this cluster ignore fsGroup.
      const ready = folderBehind(client, namespace, 'paperclip-data').then((folder) => {
        chmodSync(folder, 0o777)
        return folder
      })
      const [folder] = await Promise.all([ready, installed])
      return {
        folder,
        async remove() {
          const signal = AbortSignal.timeout(150_000)
          await call('uninstall', 'paperclip', '--ignore-not-found', '--wait')
          for (const each of [agents, namespace]) await removeNamespace(client, each, signal)
          await deleteManifests(client, rest)
        },
      }
    },
    async reinstall() {
      await install()
    },
    async upgrade(...set) {
      const more = set.flatMap((each) => ['--set', each])
      await call('upgrade', 'paperclip', chart, '--values', values, ...more, ...patient)
    },
    async rollback(revision) {
      await call('rollback', 'paperclip', String(revision), ...patient)
    },
    async uninstall() {
      await call('uninstall', 'paperclip', '--wait')
    },
    async history() {
      const list = JSON.parse(await call('history', 'paperclip', '--output', 'json')) as Awaited<
        ReturnType<HelmRelease['history']>
      >
      return list.map(({ revision, status }) => ({ revision, status }))
    },
  }
}
