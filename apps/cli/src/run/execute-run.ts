import { createJobRunner, type RunRequest } from '@agent-jobs/k8s-job-runner'
import type { Agent } from '@agent-jobs/agent-run'
import { createKubeClient, currentContext, reportWatchProblems, type RequestReport } from '@agent-jobs/kube-api'
import type { KubeConfig } from '@agent-jobs/kube-api'
import { rememberSignal } from './exit-code.ts'
import { namespaceProblem } from '../cluster/absent-namespace.ts'
import { credentialsGate } from '../cluster/credentials-gate.ts'
import { followRun } from './follow-run.ts'
import { collectArtifacts, type CopyOut } from './artifacts.ts'
import { silenceHint } from './silence-hint.ts'
import { withLack } from './image-lack.ts'
import { redactedTerminal } from '../output/redacted-terminal.ts'
import { redactionOfVariables } from '../runs/run-redaction.ts'
import { outcomeBlock } from '../output/outcome-block.ts'
import { isSuccess } from './run-report.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** What it takes to run one agent and show it. */
export interface ExecuteOptions {
  readonly kubeConfig: KubeConfig
  readonly namespace: string
  readonly request: RunRequest
  readonly agent: Agent
  readonly model: string | undefined
  readonly terminal: Terminal
  /** When the command began, in milliseconds since the epoch. */
  readonly began: number
  /** `json`: one object on standard output; `text`: the agent's answer alone. Everything else goes to standard error. */
  readonly output: 'transcript' | 'text' | 'json'
  /** Paths that are copied out of the container when the agent has ended. */
  readonly copyOut?: readonly CopyOut[]
  /** Variables of the agent; credentials among them are hidden in all output. */
  readonly variables?: Readonly<Record<string, string>>
  /** Only submits the run: prints the name of its Job on standard output and leaves it alone. */
  readonly detach?: boolean
  readonly onRequest?: (report: RequestReport) => void
}

// A user is waiting: report an unresponsive server sooner than a service would.
const submitTimeoutMs = 15_000

/** Runs one agent to its end and gives the exit code. */
export async function executeRun(options: ExecuteOptions): Promise<number> {
  const { kubeConfig, namespace, request, agent, model, began, output, detach = false, onRequest } = options
  const redact = redactionOfVariables(options.variables ?? {})
  const terminal = redactedTerminal(options.terminal, redact)
  const json = output === 'json'
  // Standard output is for programs when it carries an object or a name.
  const forProgram = output !== 'transcript' || detach
  const style = createStyle(forProgram ? terminal.colours.err : terminal.colours.out)
  const write = forProgram ? terminal.err : terminal.out
  const signals = rememberSignal(terminal.onSignal)
  const say = (line: string): void => write(`${line}\n`)
  // With only the answer requested, progress is hidden; warnings and failures are still shown.
  const sayStep = output === 'text' ? (): void => undefined : say
  const artifacts = collectArtifacts(options.copyOut ?? [])
  let isAnswered = false
  const gate = credentialsGate(currentContext(kubeConfig)?.cluster.server ?? '')
  const client = createKubeClient({
    kubeConfig,
    userAgent: 'agent-jobs-cli',
    onWatchProblem: reportWatchProblems((message) => say(style.yellow(`! ${plain(message)}`))),
    onRequest: (report) => {
      gate.onRequest(report)
      // Nothing else is shown until the time for submitting is up.
      if (!isAnswered && report.status === 0) {
        say(style.yellow(`! the API server does not answer; it is asked again for ${submitTimeoutMs / 1000} s`))
      }
      isAnswered = true
      onRequest?.(report)
    },
  })
  try {
    const runner = createJobRunner({
      client,
      namespace,
      submitTimeoutMs,
      onWarning: ({ message }) => say(style.yellow(`! ${message}`)),
    })
    const silence = silenceHint(agent.slowStart, request, (line) => sayStep(style.dim(line)))
    const following = followRun({
      agent,
      model,
      style,
      say: sayStep,
      shown: silence.shown,
      redact,
      began,
      onSignal: signals.onSignal,
      submitOnly: detach,
      now: () => Date.now(),
      start: async (signal) => artifacts.follow(await runner.start(request, { signal })),
    })
    const { report: plainReport, settled } = await gate.orRefused(following).finally(silence.stop)
    const absent = plainReport.errorCode === 'refused' ? await namespaceProblem({ client, namespace }) : null
    const explained =
      absent === null ? plainReport : { ...plainReport, errorCode: absent.code, errorMessage: absent.message }
    const report = withLack(explained, { image: request.image, agent: agent.name })
    if (report.outcome === 'submitted') {
      say(`  follow it with: agent-jobs logs ${report.job} --namespace ${namespace}`)
      if (!json) terminal.out(`${report.job}\n`)
    } else {
      const copied = await artifacts.unpack()
      for (const { text, ok } of copied) say(ok ? style.dim(`  ${text}`) : style.yellow(`! ${text}`))
      if (output === 'text' && report.summary !== null) terminal.out(`${plain(report.summary).trimEnd()}\n`)
      if (output !== 'text' || !isSuccess(report)) outcomeBlock(report, style).forEach(say)
    }
    if (json) terminal.out(jsonLine(report))
    await settled
    // A request that cannot become a Job is wrong usage: nothing was created.
    if (report.errorCode === 'invalid_request') return 2
    return isSuccess(report) ? 0 : (signals.exitCode() ?? 1)
  } finally {
    await client.close()
  }
}
