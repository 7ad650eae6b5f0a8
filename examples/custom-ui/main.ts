// Starts a run and shows it on a web page until Ctrl-C.
import { once } from 'node:events'
import { loadKubeConfig } from '@agent-jobs/kube-api'
import { startUi } from './start-ui.ts'

const [image = 'node:24', ...argv] = process.argv.slice(2)
const command = argv.length > 0 ? argv : ['node', '-e', 'let i = 0; setInterval(() => console.log(++i), 1000)']
const namespace = process.env['NAMESPACE'] ?? 'default'

const kubeConfig = loadKubeConfig({ env: process.env })
await using ui = await startUi(kubeConfig, namespace, {
  key: 'custom-ui',
  runId: String(Date.now()),
  image,
  command: { argv: command, limits: { totalMs: 60_000 } },
})
console.log(`Open ${ui.url}`)
await once(process, 'SIGINT')
