// The full fault runs, too long for CI: `pnpm soak [log-stream | rotation | link-race | metrics | mini-kube | paperclip | F1 | F2 | F9 | F12 | F13 | F14] [arguments]`.
// Without a name all of them run, one after the other; the first failure ends the run.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const runner = 'packages/k8s-job-runner/test/soak.ts'
const soaks: Readonly<Record<string, readonly string[]>> = {
  'log-stream': ['packages/log-stream/test/soak.ts'],
  'mini-kube': ['--expose-gc', 'packages/mini-kube/test/soak.ts'],
  rotation: ['packages/log-stream/test/rotation-soak.ts'],
  // 200 tries of each attack by links on the data volume; needs KUBECONFIG.
  'link-race': ['scripts/test.ts', 'e2e', 'packages/paperclip-testing/src/link-race.e2e.test.ts'],
  // 200 runs, 20 times kill -9 of their server; PROMETHEUS is the URL of a Prometheus that scrapes 127.0.0.1:9464.
  metrics: ['packages/adapter-kit/test/metrics-soak.ts'],
  // The suite of the real Paperclip with the cases that CI has no time for.
  paperclip: ['scripts/test.ts', 'paperclip'],
  ...Object.fromEntries(['F1', 'F2', 'F9', 'F12', 'F13', 'F14'].map((fault) => [fault, [runner, fault]])),
}

const [name, ...rest] = process.argv.slice(2)
const chosen = name === undefined ? Object.entries(soaks) : Object.entries(soaks).filter(([key]) => key === name)
if (chosen.length === 0) {
  console.error(`usage: pnpm soak [NAME] [arguments], with NAME one of: ${Object.keys(soaks).join(', ')}`)
  process.exitCode = 2
}
for (const [key, command] of chosen) {
  console.log(`--- ${key}`)
  const run = spawnSync(process.execPath, ['--conditions=@agent-jobs/source', ...command, ...rest], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, AGENT_JOBS_PAPERCLIP_LONG: '1', AGENT_JOBS_ATTACK_TRIES: '200' },
  })
  if (run.status !== 0) {
    console.error(`${key} failed${run.signal ? ` (${run.signal})` : ''}`)
    process.exitCode = 1
    break
  }
}
