import type { Agent } from '@agent-jobs/agent-run'
import { createJobRunner, describeOutcome } from '@agent-jobs/k8s-job-runner'
import type { KubeClient } from '@agent-jobs/kube-api'
import { inOwnWords } from '../errors/own-words.ts'
import type { Finding } from './finding.ts'

/** What a pod of the image reports about itself, one `name=value` per line. */
const script = [
  'for p in "$1" node bash zsh git tar base64 rg; do printf "%s=" "$p"; command -v "$p" || echo; done',
  'printf "version="; "$1" --version 2>/dev/null </dev/null | head -n 1 || true; echo',
  'printf "nodeVersion="; node --version',
  'printf "uid="; id -u',
  'printf "home="; [ -w "$HOME" ] && echo writable || echo',
].join('\n')

type ProbedAgent = Pick<Agent, 'name' | 'title' | 'needsBash'>

/** Runs an image in a small pod that exits on its own, and yields what the image has and lacks. */
export async function* probeImage(
  client: KubeClient,
  { namespace, image, agent, signal }: { namespace: string; image: string; agent: ProbedAgent; signal: AbortSignal },
): AsyncGenerator<Finding> {
  const runner = createJobRunner({ client, namespace })
  const runId = crypto.randomUUID()
  const run = await runner.start(
    {
      key: `doctor-${runId}`,
      runId,
      namePrefix: 'doctor',
      image,
      command: { argv: ['/bin/sh', '-c', script, 'probe', agent.name], shell: true, limits: { totalMs: 60_000 } },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '1Gi', cpu: '1' } },
      deadlineSeconds: 120,
      start: { budgetSeconds: 120 },
    },
    { signal },
  )
  // Ctrl-C must not leave a pod behind that waits for its image indefinitely.
  const stop = (): void => void run.cancel({ by: 'agent-jobs doctor' }).catch(() => undefined)
  signal.addEventListener('abort', stop)
  try {
    const found = new Map<string, string>()
    for await (const event of run.events) {
      const [, name, value] =
        event.type === 'line' && event.stream === 'stdout' ? (/^([\w-]+)=(.*)$/.exec(event.text) ?? []) : []
      if (name !== undefined && value !== undefined) found.set(name, value)
    }
    const outcome = await run.outcome
    await run.settled
    if (outcome.kind === 'succeeded') return yield* judgeImage(found, { image, agent })
    const { code, message } = describeOutcome(outcome)
    yield {
      code,
      level: 'error',
      message: `The image ${image} could not be tried.`,
      detail: inOwnWords(code, message),
      hint: `agent-jobs explain ${code}`,
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Evaluates the report of a pod of the image. Pure. */
export function* judgeImage(
  found: ReadonlyMap<string, string>,
  { image, agent }: { image: string; agent: ProbedAgent },
): Generator<Finding> {
  const has = (name: string): boolean => (found.get(name) ?? '') !== ''
  const version = found.get('version')
  if (has(agent.name)) {
    yield {
      code: 'agent',
      level: 'info',
      message: `${image} has ${agent.name}${version ? ` ${version}` : ''} and Node ${found.get('nodeVersion') ?? 'of unknown version'}.`,
    }
  } else {
    yield {
      code: 'image_lacks_agent',
      level: 'error',
      message: `${image} has no ${agent.name} on its PATH.`,
      hint: 'Use the default of --image, or install it in yours.',
    }
  }
  if (agent.needsBash && !has('bash') && !has('zsh')) {
    yield {
      code: 'image_lacks_bash',
      level: 'warn',
      message: `${image} has neither bash nor zsh: ${agent.title} cannot run commands.`,
      hint: 'Install bash in the image.',
    }
  }
  const optional: readonly [string, string][] = [
    ['git', '--git, and most work on code'],
    ['tar', '--copy-in and --copy-out'],
    ['base64', '--copy-out'],
    ['rg', 'fast search in files'],
  ]
  const lacks = optional.filter(([name]) => !has(name))
  if (lacks.length > 0) {
    yield {
      code: 'image_lacks',
      level: 'warn',
      message: `${image} lacks ${lacks.map(([name, use]) => `${name} (${use})`).join(', ')}.`,
    }
  }
  if (!has('home')) {
    yield {
      code: 'home_not_writable',
      level: 'warn',
      message: `HOME is not writable for uid ${found.get('uid') ?? 'of the pod'}: the agent keeps its state there.`,
      hint: 'Set HOME to a folder that every uid may write, such as /tmp: -e HOME=/tmp',
    }
  }
}
