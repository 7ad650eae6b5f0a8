// Runs one command as a Kubernetes Job, prints its output as it comes, and exits with its exit code.
import { createJobRunner, describeOutcome } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, loadKubeConfig } from '@agent-jobs/kube-api'

const [image = 'node:24', ...argv] = process.argv.slice(2)
const command = argv.length > 0 ? argv : ['node', '-p', '6 * 7']

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = createKubeClient({ kubeConfig: loadKubeConfig({ env: process.env }) })
const runner = createJobRunner({ client, namespace: process.env['NAMESPACE'] ?? 'default' })
const run = await runner.start({ key: 'example', runId: String(Date.now()), image, command: { argv: command } })
stop.signal.addEventListener('abort', () => run.cancel({ by: 'Ctrl-C' }), { once: true })

for await (const event of run.events) {
  if (event.type === 'phase') console.error(`${event.phase}: ${event.message}`)
  if (event.type === 'line') console.log(event.text)
  if (event.type === 'gap') console.error(`lost lines: ${event.reason}`)
}
const outcome = await run.outcome
console.error(describeOutcome(outcome).message)
process.exitCode = outcome.kind === 'succeeded' ? 0 : 1
await run.settled
await client.close()
