import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { KubeConfig } from '@kubernetes/client-node'

// A stand-in for the agent's program: it prints what Claude Code would, and obeys the prompt. The real one runs in
// the demo's tests and on the real cluster.
const program = `#!/usr/bin/env node
const line = (value) => console.log(JSON.stringify({ session_id: 's-1', uuid: String(Math.random()), ...value }))
let prompt = ''
process.stdin.on('data', (data) => (prompt += data)).on('end', () => {
  const model = process.argv[process.argv.indexOf('--model') + 1]
  line({ type: 'system', subtype: 'init', model: process.argv.includes('--model') ? model : 'opus', tools: [] })
  if (prompt.includes('stubborn')) { process.on('SIGTERM', () => {}); return setInterval(() => {}, 1000) }
  if (prompt.includes('wait')) return setInterval(() => {}, 1000)
  // Text that would control a terminal that shows it unchanged.
  if (prompt.includes('hostile')) process.stdout.write('\\u001b]0;title\\u0007\\u009b2J\\u202ehostile\\n')
  if (prompt.includes('leak')) {
    console.error('token ' + process.env.MY_TOKEN)
    line({ type: 'assistant', message: { content: [{ type: 'text', text: 'The token is ' + process.env.MY_TOKEN }] } })
  }
  if (prompt.includes('crash')) { console.error('it broke'); process.exit(3) }
  const failed = prompt.includes('limit')
  const result = prompt.includes('arguments') ? process.argv.slice(2).join(' ') : prompt.trim() + ' ' + (process.env.GIVEN ?? '')
  line({ type: 'result', subtype: 'success', is_error: failed, result, num_turns: 1, duration_ms: 5, duration_api_ms: 4,
    ...(failed ? { api_error_status: 429, api_error_type: 'rate_limit_error' } : {}) })
  process.exitCode = failed ? 1 : 0
})
`
/** mini-kube with a namespace `agents` and an image `agent:1` whose `claude` is a stand-in. */
export interface StandInCluster extends AsyncDisposable {
  readonly folder: string
  readonly client: KubeClient
  /** Arguments of `agent-jobs run` on it. */
  args(...more: string[]): string[]
  /** The environment of a terminal whose kubeconfig it is. */
  readonly env: { KUBECONFIG: string }
}

/** Starts one; disposing it ends its pods and removes its folder. */
export async function startStandInCluster(): Promise<StandInCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-run-'))
  await mkdir(join(folder, 'bin'))
  await mkdir(join(folder, 'empty'))
  await mkdir(join(folder, 'only-node'))
  await symlink(process.execPath, join(folder, 'only-node', 'node'))
  await mkdir(join(folder, 'work'))
  await writeFile(join(folder, 'bin', 'claude'), program, { mode: 0o755 })
  await symlink(process.execPath, join(folder, 'bin', 'node'))
  const cluster = await startMiniKube({
    dataDir: join(folder, 'data'),
    honourUser: false,
    namespaces: ['agents'],
    images: {
      'agent:1': { path: [join(folder, 'bin')], env: { TMPDIR: folder } },
      'no-agent:1': { path: [join(folder, 'only-node'), '/usr/bin', '/bin'] },
      'broken:1': { path: [join(folder, 'empty')] },
    },
  })
  await writeFile(join(folder, 'kubeconfig'), cluster.kubeConfig())
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(cluster.kubeConfig())
  const client = createKubeClient({ kubeConfig })
  return {
    folder,
    client,
    env: { KUBECONFIG: join(folder, 'kubeconfig') },
    args: (...more) => {
      const place = ['--namespace', 'agents', '--image', 'agent:1', '--cwd', join(folder, 'work')]
      return ['run', ...place, ...more]
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await cluster.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
