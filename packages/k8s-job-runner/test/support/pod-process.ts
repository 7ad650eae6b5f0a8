import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { readdirSync, readFileSync } from 'node:fs'
import type { RunHandle } from '../../src/index.ts'

function processFile(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    // It ended while it was being checked.
    return ''
  }
}

/** The launcher of a run, as a process of this machine: the first `node` in the control groups of its pod. */
export async function launcherPid(client: KubeClient, run: RunHandle): Promise<number> {
  const pod = await client.get(kinds.Pod, { name: run.pod?.name ?? '', namespace: run.job.namespace })
  const uid = pod.metadata?.uid ?? ''
  const isOfPod = (pid: string): boolean => {
    const groups = processFile(pid, 'cgroup')
    const isOurs = groups.includes(uid) || groups.includes(uid.replaceAll('-', '_'))
    return isOurs && /node/.test(processFile(pid, 'cmdline').split('\0')[0] ?? '')
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOfPod(name))
  const first = Math.min(...pids.map(Number))
  if (!Number.isFinite(first)) throw new Error(`expected a process of pod ${uid} on this machine`)
  return first
}

/** The containerd-shim that holds the pod of a run: the nearest such ancestor of its launcher. */
export async function shimPid(client: KubeClient, run: RunHandle): Promise<number> {
  let pid = await launcherPid(client, run)
  while (pid > 1) {
    if (processFile(pid, 'cmdline').includes('containerd-shim')) return pid
    pid = Number(/^PPid:\s+(\d+)$/m.exec(processFile(pid, 'status'))?.[1] ?? 0)
  }
  throw new Error(`expected a containerd-shim above the launcher of Job ${run.job.name}`)
}
