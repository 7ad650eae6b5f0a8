import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interrupt } from '../test/flag-tools.ts'
import { installCli, type InstalledCli } from '../test/installed-cli.ts'
import { programFlags } from '../test/program-flags.ts'
import { startStandInCluster, type StandInCluster } from '../test/stand-in-cluster.ts'

// Each flag of each command, given to the installed program, with what it changes. `test/coverage.test.ts` fails for a flag
// without an entry here, and an entry fails when its flag is dropped. It needs no cluster; it is here for its two minutes.

let cli: InstalledCli
let cluster: StandInCluster
let job = ''
let recording = ''
beforeAll(async () => {
  ;[cli, cluster] = await Promise.all([installCli(), startStandInCluster()])
  job = (JSON.parse((await run('hello', '--keep', '--json', '--key', 'mine')).out) as { job: string }).job
  await run('hello', '--keep', '--key', 'mine')
  recording = join(cli.folder, 'recording.jsonl')
  await writeFile(recording, (await agentJobs('logs', '-n', 'agents', job, '--raw')).out)
}, 180_000)
afterAll(async () => {
  await Promise.all([cli?.[Symbol.asyncDispose](), cluster?.[Symbol.asyncDispose]()])
})

type Shown = Awaited<ReturnType<InstalledCli['run']>>
const agentJobs = (...args: string[]): Promise<Shown> => cli.run(args, cluster.env)
const run = (...args: string[]): Promise<Shown> => agentJobs(...cluster.args(...args))
const inAgents = (command: string, ...args: string[]): Promise<Shown> => agentJobs(command, '-n', 'agents', ...args)
const dryRun = async (...args: string[]): Promise<string> => (await run('Say hello', '--dry-run', ...args)).out
const summaryOf = ({ out }: Shown): string => (JSON.parse(out) as { summary: string }).summary
const file = async (name: string, text: string): Promise<string> => {
  const path = join(cli.folder, name)
  await writeFile(path, text)
  return path
}
const living = async (): Promise<string> => (await run('wait', '-d')).out.trim()
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** An entry of its own in another test file, which names command and flag in one line. */
const elsewhere =
  (path: string, pattern: RegExp): (() => Promise<void>) =>
  async () =>
    expect(await readFile(new URL(path, import.meta.url), 'utf8')).toMatch(pattern)

type Check = () => Promise<void>
const inDryRun =
  (args: readonly string[], shows: RegExp): Check =>
  async () => {
    expect(await dryRun(...args)).toMatch(shows)
    expect(await dryRun()).not.toMatch(shows)
  }

const demo = './commands/demo-command.test.ts'
const checks: Readonly<Record<string, Check>> = {
  '--no-color': async () => {
    expect((await cli.run(['explain', 'usage'], { FORCE_COLOR: '1' })).out).toContain('\u001b[1m')
    expect((await cli.run(['explain', 'usage', '--no-color'], { FORCE_COLOR: '1' })).out).not.toContain('\u001b')
  },
  '--version': async () => expect((await agentJobs('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/),

  'demo --agent': elsewhere(demo, /'demo', '--agent', 'opencode'/),
  'demo --prompt': elsewhere(demo, /'--prompt', 'Run `echo/),
  'demo --cluster': async () => expect((await agentJobs('demo', '--cluster', 'current')).err).toContain('--model-host'),
  'demo --image': async () => expect((await agentJobs('demo', '--image', 'x')).err).toContain('--image: for another'),
  'demo --namespace': async () =>
    expect((await agentJobs('demo', '-n', 'x')).err).toContain('--namespace: for another'),
  'demo --model-host': async () =>
    expect((await agentJobs('demo', '--cluster', 'current', '--model-host', '127.0.0.1')).err).toContain(
      '--image NAME',
    ),
  'demo --live': async () => expect((await agentJobs('demo', '--live')).err).toContain('ANTHROPIC_API_KEY'),
  'demo --hold': elsewhere(demo, /'demo', '--hold'/),
  'demo --ui': elsewhere(demo, /'demo', '--ui'/),
  'demo --json': elsewhere(demo, /'demo', '--json'/),

  'mini-kube --port': async () => {
    const taken = URL.parse((await shownUrl(['mini-kube', '--json'])).url)
    const { url } = await shownUrl(['mini-kube', '--json', '--port', taken?.port ?? ''])
    expect(URL.parse(url)?.port).toBe(taken?.port)
  },
  'mini-kube --seed': elsewhere('./commands/mini-kube-command.test.ts', /'--seed', seed/),
  'mini-kube --json': async () => expect((await shownUrl(['mini-kube', '--json'])).url).toMatch(/^http:/),
  'faults add --json': async () => {
    const { out } = await agentJobs('faults', 'add', '{"kind":"latency","ms":1}', '--json')
    expect(jsonLines(out)[0]).toMatchObject({ fault: { kind: 'latency' } })
  },
  'faults list --json': async () => {
    await agentJobs('faults', 'add', '{"kind":"latency","ms":1}')
    expect(jsonLines((await agentJobs('faults', 'list', '--json')).out)[0]).toMatchObject({
      fault: { kind: 'latency' },
    })
  },
  'faults remove --json': async () => {
    const [kept] = jsonLines((await agentJobs('faults', 'add', '{"kind":"latency","ms":1}', '--json')).out)
    const [other] = jsonLines((await agentJobs('faults', 'add', '{"kind":"latency","ms":1}', '--json')).out)
    expect((await agentJobs('faults', 'remove', String(other?.['id']), '--json')).out).toContain(
      `"id":"${kept?.['id']}"`,
    )
    await agentJobs('faults', 'remove')
  },

  'run --agent': inDryRun(['--agent', 'codex'], /app\.kubernetes\.io\/name: codex/),
  'run --image': inDryRun(['--image', 'other:2'], /image: other:2/),
  'run --prompt': async () => expect(summaryOf(await run('--prompt', 'by flag', '--json'))).toBe('by flag '),
  'run --prompt-file': async () =>
    expect(summaryOf(await run('--prompt-file', await file('prompt.txt', 'from a file'), '--json'))).toBe(
      'from a file ',
    ),
  'run --resume': async () =>
    expect(summaryOf(await run('arguments', '--resume', 's-9', '--json'))).toContain('--resume s-9'),
  'run --output-schema': async () => {
    const schema = await file('schema.json', '{ "type": "object" }')
    const shown = await run('arguments', '--output-schema', schema, '--json')
    expect(summaryOf(shown)).toContain('--json-schema {"type":"object"}')
  },
  'run --env': async () => expect(summaryOf(await run('hi', '-e', 'GIVEN=one', '--json'))).toBe('hi one'),
  'run --env-file': async () =>
    expect(summaryOf(await run('hi', '--env-file', await file('vars.env', 'GIVEN=two\n'), '--json'))).toBe('hi two'),
  'run --git': async () => {
    const { code, out } = await run('hi', '--git', 'https://127.0.0.1:9/me/repo')
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/cannot fetch HEAD|has no git/) })
  },
  'run --copy-in': async () => {
    await run('hi', '--copy-in', `${recording}:in`, '--json')
    expect(await readFile(join(cluster.folder, 'work/in/recording.jsonl'), 'utf8')).toContain('s-1')
  },
  'run --copy-out': async () => {
    const to = join(cli.folder, 'copied.jsonl')
    await run('hi', '--copy-in', recording, '--copy-out', `recording.jsonl:${to}`)
    expect(await readFile(to, 'utf8')).toContain('s-1')
  },
  'run --artifact': async () => {
    const { out } = await run('hi', '--copy-in', recording, '--artifact', 'recording.jsonl')
    const [, to = ''] = /recording\.jsonl → (agent-jobs-artifacts\/\S+)/.exec(out) ?? []
    expect(await readFile(join(cli.folder, to), 'utf8')).toContain('s-1')
  },
  'run --pvc': inDryRun(['--pvc', 'data:/data'], /claimName: data/),
  'run --cwd': async () => {
    const cwd = join(cluster.folder, 'work', 'made')
    expect((await run('hi', '--cwd', cwd)).code).toBe(0)
    expect((await stat(cwd)).isDirectory()).toBe(true)
  },
  'run --key': inDryRun(['--key', 'nightly'], /name: run-key-nightly-/),
  'run --model': async () =>
    expect(summaryOf(await run('arguments', '--model', 'm1', '--json'))).toContain('--model m1'),
  'run --cpu': inDryRun(['--cpu', '250m'], /cpu: 250m/),
  'run --memory': inDryRun(['--memory', '3Gi'], /limits:\n +memory: 3Gi/),
  'run --limit-cpu': inDryRun(['--limit-cpu', '7'], /limits:\n +cpu: '?"?7/),
  'run --gpu': inDryRun(['--gpu', '2'], /nvidia\.com\/gpu: '?"?2/),
  'run --pull-secret': inDryRun(['--pull-secret', 'reg'], /imagePullSecrets:\n +- name: reg/),
  'run --service-account': inDryRun(['--service-account', 'runner'], /serviceAccountName: runner/),
  'run --node-selector': inDryRun(['--node-selector', 'disk=ssd'], /nodeSelector:\n +disk: ssd/),
  'run --toleration': inDryRun(['--toleration', 'gpu:NoSchedule'], /key: gpu\n/),
  'run --queue': inDryRun(['--queue', 'night'], /kueue\.x-k8s\.io\/queue-name: night/),
  'run --label': inDryRun(['--label', 'team=web'], /team: web/),
  'run --template': async () => {
    const template = await file('template.yaml', 'spec:\n  priorityClassName: low\n')
    expect(await dryRun('--template', template)).toContain('priorityClassName: low')
  },
  'run --timeout': async () =>
    expect((await run('wait', '--timeout', '500ms', '--json')).out).toContain('"outcome":"deadlineExceeded"'),
  'run --start-timeout': inDryRun(['--start-timeout', '77s'], /"budgetMs":77000\b/),
  'run --keep': async () => {
    const kept = (JSON.parse((await run('hi', '--keep', '--json')).out) as { job: string }).job
    expect((await inAgents('ps', '-o', 'name')).out).toContain(`job/${kept}\n`)
  },
  'run --detach': async () => expect((await run('hello', '-d')).out).toMatch(/^claude-[0-9a-f]{12}\n$/),
  'run --dry-run': async () => expect(await dryRun()).toMatch(/^# The objects that this run would create/),
  'run --quiet': async () => expect(await run('hi', '-q')).toEqual({ code: 0, out: 'hi\n', err: '' }),
  'run --output': async () => expect((await run('hi', '-o', 'text')).out).toBe('hi\n'),
  'run --json': async () => expect(JSON.parse((await run('hi', '--json')).out)).toMatchObject({ outcome: 'succeeded' }),

  'ps --all-namespaces': async () => expect((await agentJobs('ps', '-A')).out).toMatch(/^NAMESPACE/),
  'ps --selector': async () => expect((await inAgents('ps', '-l', 'a=b')).err).toContain('with the labels a=b'),
  'ps --watch': async () => {
    const { code, seen } = await interrupt(cli, ['ps', '-n', 'agents', '-w'], /succeeded/, cluster.env)
    expect({ code, seen }).toEqual({ code: 0, seen: expect.stringContaining(`${job}  succeeded`) })
  },
  'ps --output': async () => expect((await inAgents('ps', '-o', 'wide')).out).toMatch(/^JOB .*SESSION/),
  'ps --sort-by': async () => {
    const names = (await inAgents('ps', '-o', 'name', '--sort-by', 'name')).out.trim().split('\n')
    expect(names).toEqual(names.toSorted())
  },
  'ps --no-headers': async () => expect((await inAgents('ps', '--no-headers')).out).not.toContain('STATE'),
  'ps --json': async () =>
    expect(jsonLines((await inAgents('ps', '--json')).out)[0]).toMatchObject({ namespace: 'agents' }),
  'describe --json': async () =>
    expect(JSON.parse((await inAgents('describe', job, '--json')).out)).toMatchObject({ job }),

  'debug --output': elsewhere('./debug/debug.test.ts', /debug\(job, '--output'/),
  'debug --lines': elsewhere('./debug/debug.test.ts', /'--lines', '50'/),
  'debug --json': elsewhere('./debug/debug.test.ts', /'--output', path, '--json'/),

  'logs --follow': async () => {
    const name = await living()
    const { code } = await interrupt(cli, ['logs', '-n', 'agents', '-f', '--raw', name], /"init"/, cluster.env)
    expect(code).toBe(130)
    await inAgents('cancel', name, '--grace', '1s')
  },
  'logs --tail': async () =>
    expect(jsonLines((await inAgents('logs', job, '--raw', '--tail', '1')).out)).toHaveLength(1),
  'logs --since': async () => expect((await inAgents('logs', job, '--raw', '--since', '1ms')).out).toBe(''),
  'logs --timestamps': async () =>
    expect((await inAgents('logs', job, '--raw', '--timestamps')).out).toMatch(/^\d{4}-\d\d-\d\dT/),
  'logs --previous': async () => {
    const [newest] = (await inAgents('ps', '-o', 'name')).out.split('\n')
    const { out, err } = await inAgents('logs', newest ?? '', '--previous')
    expect(out + err).not.toContain(`looking at ${newest?.slice('job/'.length)}`)
  },
  'logs --agent': async () => {
    expect((await inAgents('logs', job)).out).toMatch(/session +s-1/)
    expect((await inAgents('logs', job, '--agent', 'codex')).out).not.toMatch(/session +s-1/)
  },
  'logs --raw': async () =>
    expect(jsonLines((await inAgents('logs', job, '--raw')).out)[0]).toMatchObject({ type: 'system' }),
  'logs --json': async () => expect(JSON.parse((await inAgents('logs', job, '--json')).out)).toMatchObject({ job }),

  'ui --all-namespaces': async () => {
    const { seen } = await interrupt(cli, ['ui', '-A'], /token=/, cluster.env)
    expect(seen).toContain('Runs of all namespaces')
  },
  'ui --port': async () => {
    const { port } = URL.parse((await shownUrl(['ui', '-n', 'agents', '--json'])).url) ?? {}
    expect((await shownUrl(['ui', '-n', 'agents', '--json', '--port', port ?? ''])).url).toContain(`:${port}/`)
  },
  'ui --by': async () => {
    const name = await living()
    const args = ['ui', '-n', 'agents', '--json', '--by', 'the night shift']
    await interrupt(cli, args, /token=[^"]+"/, cluster.env, async (seen) => {
      const url = (JSON.parse(seen) as { url: string }).url
      const entered = await fetch(url, { redirect: 'manual' })
      const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
      const { origin } = new URL(url)
      await fetch(`${origin}/api/runs/agents/${name}/cancel`, { method: 'POST', headers: { cookie, origin } })
    })
    const described = JSON.parse((await inAgents('describe', name, '--json')).out) as object
    expect(described).toMatchObject({ cancelledBy: 'the night shift' })
  },
  'ui --open': async () => {
    const bin = join(cli.folder, 'desktop')
    await mkdir(bin, { recursive: true })
    const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
    await writeFile(join(bin, program), '#!/bin/sh\necho "opened $1" >"$OPENED"\n', { mode: 0o755 })
    const opened = join(cli.folder, 'opened')
    const env = { ...cluster.env, OPENED: opened, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    await interrupt(cli, ['ui', '-n', 'agents', '--open'], /token=/, env, async () => {
      await expect.poll(() => readFile(opened, 'utf8').catch(() => ''), { timeout: 10_000 }).toContain('opened http://')
    })
  },
  'ui --json': async () => expect((await shownUrl(['ui', '-n', 'agents', '--json'])).url).toContain('token='),

  'wait --timeout': async () => {
    const name = await living()
    expect((await inAgents('wait', name, '--timeout', '300ms')).code).toBe(124)
    await inAgents('cancel', name, '--grace', '1s')
  },
  'wait --json': async () => expect(JSON.parse((await inAgents('wait', job, '--json')).out)).toMatchObject({ job }),
  'top --all-namespaces': async () => expect((await agentJobs('top', '-A')).err).toContain('in any namespace'),
  'top --json': elsewhere('./look.e2e.test.ts', /'top', '--json'/),

  'cancel --selector': async () => {
    const name = (await run('wait', '-d', '--label', 'batch=one')).out.trim()
    expect((await inAgents('cancel', '-l', 'batch=one', '--grace', '1s')).out).toBe(`${name} has stopped\n`)
  },
  'cancel --all': async () => {
    const name = await living()
    expect((await inAgents('cancel', '--all', '--grace', '1s')).out).toContain(`${name} has stopped\n`)
  },
  'cancel --by': async () => {
    const name = await living()
    await inAgents('cancel', name, '--by', 'Ada', '--grace', '1s')
    expect(JSON.parse((await inAgents('describe', name, '--json')).out)).toMatchObject({ cancelledBy: 'Ada' })
  },
  'cancel --grace': async () => {
    const name = (await run('stubborn', '-d')).out.trim()
    await interrupt(cli, ['logs', '-n', 'agents', '-f', '--raw', name], /"init"/, cluster.env)
    const began = performance.now()
    expect((await inAgents('cancel', name, '--grace', '1s')).out).toBe(`${name} has stopped\n`)
    // Without it, the pod's own 30 s.
    expect(performance.now() - began).toBeLessThan(25_000)
  },
  'cancel --json': async () =>
    expect(JSON.parse((await inAgents('cancel', job, '--json')).out)).toEqual({ job, verdict: 'gone' }),

  'reap --yes': elsewhere('./run/run-tools.test.ts', /'reap', '--older-than', '1ms', '--yes'/),
  'reap --older-than': elsewhere('./run/run-tools.test.ts', /'reap', '--older-than', '1ms'\)/),
  'reap --paperclip': elsewhere('./run/run-tools.test.ts', /'reap', '--namespace', 'agents', '--paperclip'/),
  'reap --json': async () => expect(JSON.parse((await inAgents('reap', '--json')).out)).toHaveProperty('items'),

  'metrics --all-namespaces': async () => {
    const { seen } = await interrupt(cli, ['metrics', '-A', '--port', '0'], /until Ctrl-C/, cluster.env)
    expect(seen).toContain('Metrics of all namespaces')
  },
  'metrics --port': async () => {
    const { port } = URL.parse((await shownUrl(['metrics', '-n', 'agents', '--port', '0', '--json'])).url) ?? {}
    const again = await shownUrl(['metrics', '-n', 'agents', '--port', port ?? '', '--json'])
    expect(URL.parse(again.url)?.port).toBe(port)
  },
  'metrics --host': async () => {
    const { url } = await shownUrl(['metrics', '-n', 'agents', '--port', '0', '--host', '127.0.0.2', '--json'])
    expect(URL.parse(url)?.hostname).toBe('127.0.0.2')
  },
  'metrics --state': elsewhere('./metrics/count-runs.test.ts', /metrics\([^\n]*'--state'/),
  'metrics --json': async () => {
    const shown = await shownUrl(['metrics', '-n', 'agents', '--port', '0', '--json'])
    expect(shown).toMatchObject({ url: expect.stringContaining('http://'), namespace: 'agents' })
  },

  'parse --exit-code': async () => {
    const empty = await file('empty.jsonl', '')
    expect((await agentJobs('parse', 'claude', empty, '--exit-code', '7')).out).toContain('7')
  },
  'parse --signal': async () => {
    const empty = await file('empty.jsonl', '')
    expect((await agentJobs('parse', 'claude', empty, '--signal', 'KILL')).out).toContain('SIGKILL')
  },
  'parse --stderr': async () => {
    const stderr = await file('stderr.txt', 'claude: command not found\n')
    const empty = await file('empty.jsonl', '')
    expect((await agentJobs('parse', 'claude', empty, '--stderr', stderr)).out).toContain('command not found')
  },
  'parse --transcript': async () =>
    expect((await agentJobs('parse', 'claude', recording, '--transcript')).out).toMatch(/session +s-1/),
  'parse --json': async () =>
    expect(JSON.parse((await agentJobs('parse', 'claude', recording, '--json')).out)).toMatchObject({
      sessionId: 's-1',
    }),

  'doctor --agent': async () =>
    expect((await inAgents('doctor', '--agent', 'codex', '--image', 'agent:1')).out).toContain('has no codex'),
  'doctor --image': async () =>
    expect((await inAgents('doctor', '--image', 'agent:1')).out).toContain('agent:1 has claude'),
  'doctor --as': async () => expect((await inAgents('doctor', '--as', 'ada')).out).toMatch(/ada (?:has|lacks)/),
  'doctor --service-account': async () =>
    expect((await inAgents('doctor', '--service-account', 'nope')).out).toContain('Service account nope not found'),
  'doctor --fix': async () => {
    const { out } = await agentJobs('doctor', '-n', 'made-by-fix', '--fix')
    expect(out).toContain('The namespace made-by-fix was created')
    expect(await cluster.client.get(kinds.Namespace, { name: 'made-by-fix' })).toBeDefined()
  },
  'doctor --run': async () => {
    const { out } = await inAgents('doctor', '--image', 'agent:1', '--run', '--json')
    expect(out).toContain('Reply with the word OK')
  },
  'doctor --env': async () => {
    const { out } = await inAgents('doctor', '--image', 'agent:1', '--run', '-e', 'GIVEN=given-by-e', '--json')
    expect(out).toContain('given-by-e')
  },
  'doctor --env-file': async () => {
    const variables = await file('doctor.env', 'GIVEN=given-by-file\n')
    const { out } = await inAgents('doctor', '--image', 'agent:1', '--run', '--env-file', variables, '--json')
    expect(out).toContain('given-by-file')
  },
  'doctor --model': async () => {
    const { out } = await inAgents('doctor', '--image', 'agent:1', '--run', '--model', 'm-doctor', '--json')
    expect(jsonLines(out).at(-1)).toMatchObject({ model: 'm-doctor' })
  },
  'doctor --paperclip': async () => {
    const { out } = await inAgents('doctor', '--paperclip', '--json')
    expect(JSON.parse(out)).toMatchObject({ adapterType: 'claude_k8s' })
  },
  'doctor --config': async () => {
    const config = await file('agent.json', '{"imagee":"x"}')
    expect((await inAgents('doctor', '--config', config)).out).toContain('Did you mean image?')
  },
  'doctor --json': async () => expect(JSON.parse((await inAgents('doctor', '--json')).out)).toHaveProperty('checks'),

  'manifests --namespace': async () =>
    expect((await agentJobs('manifests', '-n', 'pc', '--set', 'server.image=a:1')).out).toContain('namespace: pc\n'),
  'manifests --values': async () => {
    const values = await file('values.yaml', 'server: { image: "from.values/p:1" }\n')
    expect((await agentJobs('manifests', '-f', values)).out).toContain('image: from.values/p:1')
  },
  'manifests --set': async () =>
    expect((await agentJobs('manifests', '--set', 'server.image=by.set/p:1')).out).toContain('image: by.set/p:1'),
  'manifests --format': async () => {
    const folder = join(cli.folder, 'chart')
    await agentJobs('manifests', '--format', 'helm', '-o', folder)
    expect(await readFile(join(folder, 'Chart.yaml'), 'utf8')).toContain('name:')
  },
  'manifests --output': async () => {
    const folder = join(cli.folder, 'plain')
    await agentJobs('manifests', '--set', 'server.image=a:1', '-o', folder)
    expect(await readFile(join(folder, 'manifests.yaml'), 'utf8')).toContain('kind: StatefulSet')
  },
  'manifests --show-values': async () => expect((await agentJobs('manifests', '--show-values')).out).toMatch(/server/),
  'rbac --namespace': async () => expect((await agentJobs('rbac', '-n', 'pc')).out).toContain('namespace: pc\n'),
  'rbac --agent-namespace': async () =>
    expect((await agentJobs('rbac', '--agent-namespace', 'pods')).out).toContain('namespace: pods\n'),
  'rbac --service-account': async () =>
    expect((await agentJobs('rbac', '--service-account', 'pc-server')).out).toContain('name: pc-server\n'),
  'rbac --dedicated-pvc': async () => {
    expect((await agentJobs('rbac')).out).not.toMatch(/persistentvolumeclaims[\s\S]*create/)
    expect((await agentJobs('rbac', '--dedicated-pvc')).out).toMatch(/persistentvolumeclaims/)
  },
  'explain --json': async () =>
    expect(JSON.parse((await agentJobs('explain', 'usage', '--json')).out)).toMatchObject({ code: 'usage' }),
}

async function shownUrl(args: readonly string[]): Promise<{ url: string }> {
  const { seen } = await interrupt(cli, args, /"url":"[^"]+"[^\n]*\n/, cluster.env)
  return JSON.parse(seen) as { url: string }
}

// The flags that choose a cluster are the same for all commands.
const place = /--(?:namespace|kubeconfig|context)$/
const isPlace = (name: string): boolean => place.test(name) && !(name in checks)
const placed = programFlags().filter(({ name }) => isPlace(name))
const needed: Readonly<Record<string, readonly string[]>> = {
  'faults add': ['{"kind":"latency","ms":1}'],
  run: ['hello'],
  wait: ['absent-job'],
  exec: ['absent-job', '--', 'true'],
  shell: ['absent-job'],
  cp: ['absent-job:/x', '.'],
  cancel: ['absent-job'],
}

describe('every flag of the installed program', () => {
  it.each(Object.entries(checks))('%s has its effect', async (_name, check) => {
    expect.hasAssertions()
    await check()
  })

  it.each(placed.map(({ name, command, option }) => [name, command, option.long ?? ''] as const))(
    '%s chooses where',
    async (_name, command, flag) => {
      const value = flag === '--kubeconfig' ? '/absent/kubeconfig' : 'absent-place'
      const [first = '', ...rest] = needed[command.join(' ')] ?? []
      const args = [...command, flag, value, ...(first === '' ? [] : [first]), ...rest]
      const { code, out, err } = await agentJobs(...args)
      expect({ code, shown: out + err }).toEqual({ code: 1, shown: expect.stringContaining(value) })
    },
  )
})
