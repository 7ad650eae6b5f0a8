// A mini-kube in a process of its own, so that what is measured in the other process is the runner alone.
// It prints its kubeconfig as one JSON line; then each line on stdin is a request and each line on stdout its answer. It
// ends with its stdin.
// usage: node kube-process.ts SEED
import { createInterface } from 'node:readline'
import { restart, type Restart } from './faults.ts'
import { startWorld } from './world.ts'

/** What the process can be asked, one at a time. Every answer is a report. */
export type KubeProcessRequest = { restart: Restart } | { report: true }

/** What its pods went through so far. */
export interface KubeProcessReport {
  mostLivePods: number
}

const world = await startWorld({ seed: Number(process.argv[2] ?? 1) })
const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
say({ kubeConfig: world.kube.kubeConfig() })
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as KubeProcessRequest
  if ('restart' in request) await restart(world, request.restart)
  say({ mostLivePods: world.mostLivePods() } satisfies KubeProcessReport)
}
await world[Symbol.asyncDispose]()
