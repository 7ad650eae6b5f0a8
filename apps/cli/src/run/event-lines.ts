import type { Agent } from '@agent-jobs/agent-run'
import type { RunEvent } from '@agent-jobs/k8s-job-runner'
import { plain } from '../output/safe-text.ts'
import { artifactMark } from './wrapper.ts'
import type { Style } from '../output/style.ts'
import { printTranscript } from '../output/transcript-printer.ts'

const order: readonly string[] = ['submitted', 'queued', 'pending', 'running', 'stopping', 'ended']

/** Formats the events of a run as lines for the terminal. */
export function eventLines(agent: Pick<Agent, 'transcript'>, style: Style): (event: RunEvent) => string[] {
  const warn = (text: string): string[] => [style.yellow(`! ${text}`)]
  let reached = -1
  return (event) => {
    switch (event.type) {
      case 'phase':
        // The first is shown with the Job's name, the last with the outcome.
        if (event.phase === 'submitted' || event.phase === 'ended') return []
        // Late or repeated reports of the cluster do not move the phase back.
        if (order.indexOf(event.phase) < reached) return []
        reached = order.indexOf(event.phase)
        return [`${style.green('●')} ${event.phase} ${style.dim(plain(event.message))}`]
      case 'line':
        if (event.stream === 'stderr') return printTranscript({ kind: 'stderr', text: event.text }, style)
        // Packed files are for `run --copy-out` and are not shown.
        if (event.text.startsWith(`${artifactMark} `)) return []
        if (event.part) return event.part.last ? [style.dim('  · (a very long line)')] : []
        return agent
          .transcript(event.text, new Date(event.time).toISOString())
          .flatMap((entry) => printTranscript(entry, style))
      case 'gap':
        return warn(`output is missing: ${event.unit} ${event.from} to ${event.to} (${event.reason})`)
      case 'warning':
        // The transcript shows that the work is done.
        return event.code === 'launcher_finished' ? [] : warn(plain(event.message))
      case 'output':
        return event.verdict === 'complete' ? [] : warn(`the output is ${event.verdict}`)
      case 'outcome':
        return []
      default:
        return event satisfies never
    }
  }
}
