// Uses every package as its user does: packed, installed by npm in an empty folder, by its README alone.
// usage: node scripts/check-tarballs.ts   (after `pnpm build`)
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkTypes } from './tarballs/check-types.ts'
import { startClusterProcess } from './tarballs/cluster-process.ts'
import { installTarballs, type Consumer } from './tarballs/consumer.ts'
import { judgePackage } from './tarballs/judge-package.ts'
import { readReadme } from './tarballs/read-readme.ts'
import { runExample } from './tarballs/run-example.ts'

/** Size limits of the tarballs in KiB: the current size and some room. Raise one only deliberately. */
const budgetKiB: Readonly<Record<string, number>> = {
  'adapter-claude-k8s': 780,
  'adapter-codex-k8s': 780,
  'adapter-kit': 320,
  'adapter-opencode-k8s': 780,
  'agent-run': 25,
  'claude-stream-parser': 140,
  // Contains all that it needs: this is the whole installation.
  cli: 1000,
  'codex-stream-parser': 75,
  frames: 16,
  'k8s-job-runner': 170,
  'kube-api': 100,
  launcher: 110,
  'log-stream': 120,
  manifests: 60,
  metrics: 25,
  'mini-kube': 420,
  'opencode-stream-parser': 100,
  'orphan-classifier': 12,
  primitives: 24,
  'prompt-bundle': 40,
  'scripted-model': 55,
  tracing: 16,
}
const exampleMs = 60_000

interface Example {
  readonly name: string
  readonly file: string
  readonly code: string
  readonly prints: string
  readonly forBrowsers: boolean
  /** Name and arguments of the pod that the README starts before its example. */
  readonly pod: { readonly name: string; readonly args: readonly string[] } | null
}

const began = Date.now()
const problems: string[] = []
const note = (name: string, found: readonly string[]): void => {
  problems.push(...found.map((problem) => `${name}: ${problem}`))
}

await using consumer = await installTarballs()
const installed = Date.now()
for (const { manifest, files, bytes } of consumer.packages) {
  const budget = budgetKiB[manifest.name.replace('@agent-jobs/', '')]
  if (budget === undefined) note(manifest.name, ['has no budget in scripts/check-tarballs.ts'])
  note(manifest.name, judgePackage({ manifest, files, bytes }, (budget ?? 0) * 1024))
}
const examples = await writeExamples(consumer)
const files = examples.map(({ file }) => file)
note('types', await checkTypes(consumer.folder, files, ['node']))
const inBrowsers = examples.filter(({ forBrowsers }) => forBrowsers).map(({ file }) => file)
note('types without @types/node', await checkTypes(consumer.folder, inBrowsers, []))
note('@agent-jobs/cli', await checkCommand(consumer.folder))
// Two at a time: most of their time is startup.
const queue = [...examples]
await Promise.all(
  [1, 2].map(async () => {
    for (let example = queue.shift(); example; example = queue.shift()) await tryExample(example)
  }),
)

const seconds = (from: number): string => `${((Date.now() - from) / 1000).toFixed(1)} s`
for (const problem of problems) console.error(`✘ ${problem}`)
console.log(
  `${consumer.packages.length} packages from their tarballs, ${examples.length} README examples, ${problems.length} problems; ${seconds(began)}, ${((installed - began) / 1000).toFixed(1)} s of it npm install`,
)
process.exitCode = problems.length === 0 ? 0 : 1

async function writeExamples({ folder, packages }: Consumer): Promise<Example[]> {
  await mkdir(join(folder, 'examples'))
  const found = packages.flatMap(({ manifest, files: packed }): Example[] => {
    const name = manifest.name.replace('@agent-jobs/', '')
    const readme = packed.get('README.md') ?? ''
    const { example, prints } = readReadme(readme)
    if (example === undefined || prints === undefined) return []
    const file = join(folder, 'examples', `${name}.ts`)
    const [, podName, args = ''] = /`kubectl run (\S+) .*? -- (.*?)`/.exec(readme) ?? []
    const pod = podName === undefined ? null : { name: podName, args: args.split(' ') }
    return [{ name: manifest.name, file, code: example, prints, pod, forBrowsers: /in browsers/.test(readme) }]
  })
  await Promise.all(found.map(({ file, code }) => writeFile(file, code)))
  return found
}

async function tryExample({ name, file, code, prints, pod }: Example): Promise<void> {
  const run = { cwd: consumer.folder, expected: prints, timeoutMs: exampleMs }
  if (!/loadFromDefault\(|loadKubeConfig\(/.test(code)) {
    const problem = await runExample(file, { ...run, env: process.env })
    return note(name, problem === null ? [] : [problem])
  }
  await using cluster = await startClusterProcess(consumer.folder)
  if (pod) await cluster.run(pod.name, pod.args)
  const problem = await runExample(file, { ...run, env: { ...process.env, KUBECONFIG: cluster.kubeconfig } })
  note(name, problem === null ? [] : [problem])
}

/** The command line prints its version, and loads the runner and the adapters when needed. */
async function checkCommand(folder: string): Promise<string[]> {
  const command = async (...args: string[]): Promise<string> => {
    const program = join(folder, 'node_modules', '.bin', 'agent-jobs')
    return promisify(execFile)(program, args, { cwd: folder }).then(
      ({ stdout }) => stdout,
      (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ''}${error.stderr ?? ''}`,
    )
  }
  const wanted: [args: string[], words: string][] = [
    [['--version'], '0.'],
    [['rbac'], 'kind: RoleBinding'],
    [['run', 'Say hello', '-n', 'agents', '--dry-run'], 'kind: Job'],
  ]
  const said = await Promise.all(wanted.map(([args]) => command(...args)))
  return wanted.flatMap(([args, words], at) =>
    said[at]?.includes(words) ? [] : [`\`agent-jobs ${args.join(' ')}\` says ${JSON.stringify(said[at])}`],
  )
}
