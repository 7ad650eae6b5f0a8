import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from './mini-kube.ts'

const run = promisify(execFile)
let kube: MiniKube
let folder = ''
beforeAll(async () => {
  kube = await startMiniKube()
  folder = mkdtempSync(join(tmpdir(), 'mini-kube-clients-'))
  writeFileSync(join(folder, 'kubeconfig'), kube.kubeConfig())
})
afterAll(async () => {
  await kube.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Installs a client; why it cannot is the reason of the skip. */
async function installed(what: string, ...commands: [string, string[]][]): Promise<boolean> {
  try {
    for (const [program, args] of commands) await run(program, args, { cwd: folder, timeout: 120_000 })
    return true
  } catch (error) {
    console.log(`${what} is skipped: ${(error as Error).message.split('\n')[0]}`)
    return false
  }
}

const pythonProgram = `
from kubernetes import client, config, watch
config.load_kube_config("kubeconfig")
container = client.V1Container(name="a", image="any", command=["/bin/sh", "-c", "echo from python"])
template = client.V1PodTemplateSpec(spec=client.V1PodSpec(restart_policy="Never", containers=[container]))
job = client.V1Job(metadata=client.V1ObjectMeta(name="py"), spec=client.V1JobSpec(backoff_limit=0, template=template))
client.BatchV1Api().create_namespaced_job("default", job)
for event in watch.Watch().stream(client.BatchV1Api().list_namespaced_job, "default", timeout_seconds=20):
    if event["object"].status.succeeded:
        break
pod = client.CoreV1Api().list_namespaced_pod("default", label_selector="job-name=py").items[0]
print(client.CoreV1Api().read_namespaced_pod_log(pod.metadata.name, "default"), end="")
client.BatchV1Api().delete_namespaced_job("py", "default", propagation_policy="Foreground")
`

it('works with Python’s official client', async ({ skip }) => {
  const python = join(folder, 'venv', 'bin', 'python')
  const ready = await installed(
    'Python’s client',
    ['python3', ['-m', 'venv', 'venv']],
    [python, ['-m', 'pip', 'install', '--quiet', 'kubernetes']],
  )
  if (!ready) skip()
  writeFileSync(join(folder, 'client.py'), pythonProgram)
  const { stdout } = await run(python, ['client.py'], { cwd: folder })
  expect(stdout).toBe('from python\n')
})

const nodeProgram = `
import { KubeConfig, BatchV1Api, CoreV1Api, Watch } from '@kubernetes/client-node'
const config = new KubeConfig()
config.loadFromFile('kubeconfig')
const batch = config.makeApiClient(BatchV1Api)
const core = config.makeApiClient(CoreV1Api)
const container = { name: 'a', image: 'any', command: ['/bin/sh', '-c', 'echo from client-node 1'] }
await batch.createNamespacedJob({ namespace: 'default', body: { metadata: { name: 'one' }, spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } } } })
const done = Promise.withResolvers()
const stop = await new Watch(config).watch('/apis/batch/v1/namespaces/default/jobs', {}, (_type, job) => job.status?.succeeded && done.resolve(), () => {})
await done.promise
stop.abort()
const { items } = await core.listNamespacedPod({ namespace: 'default', labelSelector: 'job-name=one' })
process.stdout.write(await core.readNamespacedPodLog({ namespace: 'default', name: items[0].metadata.name }))
process.exit(0)
`

it('works with client-node 1.x', async ({ skip }) => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  if (
    !(await installed('client-node 1.x', [
      'npm',
      ['install', '--silent', '--no-audit', '--no-fund', '@kubernetes/client-node@1'],
    ]))
  )
    skip()
  writeFileSync(join(folder, 'client.js'), nodeProgram)
  const { stdout } = await run(process.execPath, ['client.js'], { cwd: folder })
  expect(stdout).toBe('from client-node 1\n')
})
