import { followAgent, judgeRun } from '@agent-jobs/agent-run'
import { createJobRunner, RunError } from '@agent-jobs/k8s-job-runner'
import type { KubeClient } from '@agent-jobs/kube-api'
import { agentNames } from '../agents/agent-names.ts'
import { agentNamed } from '../agents/agents.ts'
import { artifactMark } from '../run/wrapper.ts'
import type { Redact } from '../output/redacted-terminal.ts'
import { describeRun } from '../runs/describe-run.ts'
import { observeRun } from '../runs/observe-run.ts'
import { findRun } from '../runs/find-run.ts'
import { redactionOf } from '../runs/run-redaction.ts'
import { inOwnWords } from '../errors/own-words.ts'
import { errorReport } from '../errors/error-report.ts'
import type { EventStream } from './event-stream.ts'

/** One run for one browser: its description now and after each phase, its transcript, and how it ended. */
export async function streamRun(
  client: KubeClient,
  { namespace, job }: { namespace: string; job: string },
  stream: EventStream,
): Promise<void> {
  const cluster = { client, namespace }
  let redact: Redact = (text) => text
  const describe = async (): Promise<void> => {
    const { description, summary } = await describeRun(cluster, await findRun(cluster, job))
    const result = summary?.result ?? null
    await stream.send('describe', {
      ...description,
      usage: summary?.usage ?? null,
      result: result === null ? null : redact(result),
    })
  }
  try {
    const { view } = await findRun(cluster, job)
    const redaction = await redactionOf(cluster, view)
    redact = redaction.redact
    await describe()
    if (redaction.warning !== null) {
      await stream.send('entries', [{ kind: 'warning', text: redaction.warning }])
    }
    const agent = agentNamed(view.agent ?? agentNames[0])
    const handle = await observeRun(createJobRunner({ client, namespace }), { job }, stream.closed)
    stream.closed.addEventListener('abort', () => {
      // The page was closed, so the result of the detach does not matter.
      handle.detach().catch(() => undefined)
    })
    const followed = await followAgent({
      handle,
      parser: agent.createParser(),
      now: () => performance.now(),
      onEvent: async (event) => {
        if (event.type === 'phase') {
          await stream.send('phase', { phase: event.phase, message: event.message })
          await describe()
        } else if (event.type === 'line' && event.part === undefined) {
          if (event.text.startsWith(`${artifactMark} `)) return
          const time = new Date(event.time).toISOString()
          const entries =
            event.stream === 'stderr'
              ? [{ kind: 'stderr', text: redact(event.text) }]
              : agent.transcript(redact(event.text), time)
          if (entries.length > 0) await stream.send('entries', entries)
        } else if (event.type === 'gap' || (event.type === 'warning' && event.code !== 'launcher_finished')) {
          await stream.send('entries', [
            { kind: 'warning', text: event.type === 'gap' ? `Output is missing (${event.reason}).` : event.message },
          ])
        }
      },
    })
    if (followed.kind === 'detached') return
    await describe()
    const judged = judgeRun({ ...followed, title: agent.title })
    await stream.send(
      'end',
      judged.kind === 'succeeded'
        ? { code: null, message: null }
        : { code: judged.code, message: redact(inOwnWords(judged.code, judged.message)) },
    )
  } catch (error) {
    if (stream.closed.aborted || (RunError.isInstance(error) && error.code === 'detached')) return
    await stream.send('problem', errorReport(error))
  } finally {
    stream.end()
  }
}
