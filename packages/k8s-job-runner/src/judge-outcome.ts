import type { Evidence } from './evidence.ts'
import { findInterruption, hasEndedByStatus, type Interruption } from './interruption.ts'
import type { Outcome, OutcomeFacts, OutcomeKind } from './outcome.ts'
import { containerStatus, isJobFinished, isPodTerminal, jobCondition } from './read-pod.ts'

/** What the evidence says so far. */
export type Judgement =
  | { verdict: 'undecided' }
  | { verdict: 'decided'; outcome: Outcome }
  /** The command is over; better evidence may come and is worth a short wait. `outcome` holds if it does not. */
  | { verdict: 'await'; for: 'status' | 'record' | 'termination'; outcome: Outcome; waitSeconds?: number }

const undecided: Judgement = { verdict: 'undecided' }
const decided = (outcome: Outcome): Judgement => ({ verdict: 'decided', outcome })

function exitFacts(evidence: Evidence): Pick<OutcomeFacts, 'exitCode' | 'signal' | 'pod' | 'node' | 'durationMs'> {
  const { end, pod, container } = evidence
  const code = end === undefined ? containerStatus(pod, container)?.state?.terminated?.exitCode : end.exitCode
  const name = pod?.metadata?.name
  const node = pod?.spec?.nodeName
  return {
    exitCode: code ?? null,
    signal: end?.signal ?? null,
    ...(name === undefined ? {} : { pod: name }),
    ...(node === undefined ? {} : { node }),
    ...(end?.durationMs === undefined ? {} : { durationMs: end.durationMs }),
  }
}

function make(
  evidence: Evidence,
  kind: OutcomeKind,
  source: OutcomeFacts['source'],
  words: { reason?: string | undefined; message?: string | undefined; notes?: string[] } = {},
): Outcome {
  const { reason, message, notes = [] } = words
  return {
    ...exitFacts(evidence),
    source,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    notes,
    ...kind,
  }
}

function interrupted(evidence: Evidence, found: Interruption): Judgement {
  const { kind, source, reason, message, note, assumeAfterSeconds } = found
  const outcome = make(evidence, kind, source, { reason, message, notes: note === undefined ? [] : [note] })
  if (evidence.end !== undefined || hasEndedByStatus(evidence) || assumeAfterSeconds === 0) return decided(outcome)
  if (evidence.pod === undefined && isJobFinished(evidence.job)) {
    return { verdict: 'await', for: 'termination', outcome, waitSeconds: 2 }
  }
  // Still within its grace: its last output and its end are yet to come.
  if (assumeAfterSeconds === undefined) return undecided
  return { verdict: 'await', for: 'termination', outcome, waitSeconds: assumeAfterSeconds }
}

const oomNote = 'A child process was killed for memory; the command went on and ended well.'

/**
 * A kill for memory: the status says `OOMKilled` with the main process's own code; the launcher's record counts the kills
 * that the kernel did, and comes half a second earlier.
 */
function oom(evidence: Evidence, exitCode: number | null): Outcome | undefined {
  if (!wasKilledForMemory(evidence) || exitCode === 0) return undefined
  const terminated = containerStatus(evidence.pod, evidence.container)?.state?.terminated
  const isMain = exitCode === 137 || (exitCode === null && (evidence.end?.signal ?? 'SIGKILL') === 'SIGKILL')
  const kind: OutcomeKind = { kind: 'oomKilled', code: 'oom_killed', process: isMain ? 'main' : 'child' }
  if (terminated?.reason !== 'OOMKilled') return make(evidence, kind, 'end_record')
  return make(evidence, kind, 'pod_status', { reason: terminated.reason, message: terminated.message })
}

function wasKilledForMemory({ end, pod, container }: Evidence): boolean {
  return (end?.oomKills ?? 0) > 0 || containerStatus(pod, container)?.state?.terminated?.reason === 'OOMKilled'
}

function byLimit(evidence: Evidence, stoppedBy: string | null): Outcome | undefined {
  switch (stoppedBy) {
    case 'idle_limit':
      return make(evidence, { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'idle' }, 'end_record')
    case 'total_limit':
      return make(evidence, { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'total' }, 'end_record')
    case 'output_limit':
      return make(evidence, { kind: 'outputLimitExceeded', code: 'output_limit_exceeded' }, 'end_record')
    case 'hang_after_finish':
      return make(evidence, { kind: 'succeeded', code: 'succeeded' }, 'end_record', {
        notes: ['The command had finished its work and was stopped because it did not exit.'],
      })
    default:
      return undefined
  }
}

function fromRecord(evidence: Evidence, end: NonNullable<Evidence['end']>): Judgement {
  const { exitCode, signal, stoppedBy, startError } = end
  if (startError !== undefined) {
    const { code: reason, message } = startError
    return decided(make(evidence, { kind: 'startFailed', code: 'start_failed' }, 'end_record', { reason, message }))
  }
  const limit = byLimit(evidence, stoppedBy)
  if (limit !== undefined) return decided(limit)
  const killed = signal === 'SIGKILL' || exitCode === 137 || (exitCode === null && signal === null)
  if (stoppedBy === null && !killed) {
    const memory = oom(evidence, exitCode)
    if (memory !== undefined) return decided(memory)
    const notes = exitCode === 0 && wasKilledForMemory(evidence) ? [oomNote] : []
    return decided(make(evidence, plainEnd(exitCode, signal), 'end_record', { notes }))
  }
  const found = findInterruption(evidence)
  if (found !== undefined) return interrupted(evidence, found)
  const memory = oom(evidence, exitCode)
  if (memory?.source === 'pod_status') return decided(memory)
  const outcome =
    stoppedBy === null
      ? (memory ?? make(evidence, plainEnd(exitCode, signal), 'end_record'))
      : make(evidence, { kind: 'signalled', code: 'signalled', signal: signal ?? 'SIGTERM' }, 'end_record', {
          notes: ['The launcher was told to stop by a signal from outside the command.'],
        })
  // A kill's reason (memory, eviction, deletion, deadline) stands in the status, which comes 0.4–1 s later.
  return hasEndedByStatus(evidence) ? decided(outcome) : { verdict: 'await', for: 'status', outcome }
}

function plainEnd(exitCode: number | null, signal: string | null): OutcomeKind {
  if (signal !== null) return { kind: 'signalled', code: 'signalled', signal }
  if (exitCode === 0) return { kind: 'succeeded', code: 'succeeded' }
  if (exitCode === 137 || exitCode === null) return { kind: 'signalled', code: 'signalled', signal: 'SIGKILL' }
  return { kind: 'exited', code: 'exited', exitCode }
}

function failedInit(evidence: Evidence): Outcome | undefined {
  for (const { name, state } of evidence.pod?.status?.initContainerStatuses ?? []) {
    const ended = state?.terminated
    if (ended === undefined || ended.exitCode === 0) continue
    const kind: OutcomeKind = { kind: 'initFailed', code: 'init_failed', container: name }
    const { reason, message } = ended
    const notes = [`Init container ${name} ended with exit code ${ended.exitCode}.`]
    return make(evidence, kind, 'pod_status', { reason, message, notes })
  }
  return undefined
}

function fromStatus(evidence: Evidence): Judgement {
  const { pod, job, container } = evidence
  const terminated = containerStatus(pod, container)?.state?.terminated
  if (terminated === undefined) {
    if (pod !== undefined && isPodTerminal(pod)) {
      const init = failedInit(evidence)
      if (init !== undefined) return decided(init)
      const { reason, message } = pod.status ?? {}
      if (reason !== undefined) {
        // The kubelet refused the pod (OutOfcpu, NodeAffinity, UnexpectedAdmissionError …): nothing was started.
        return decided(make(evidence, { kind: 'startFailed', code: 'start_failed' }, 'pod_status', { reason, message }))
      }
    }
    const over = hasEndedByStatus(evidence)
    // A Job that is over without a pod: it is gone, or the watch of pods is behind. The objects are read once more.
    if (!over && (pod !== undefined || !isJobFinished(job))) return undecided
    const known = `pod phase ${pod?.status?.phase ?? 'unknown'}, container state unknown, Job ${
      jobCondition(job, 'Complete', 'Failed')?.type ?? 'without an end'
    }`
    const lost = make(evidence, { kind: 'lost', code: 'lost', known }, pod === undefined ? 'absence' : 'pod_status')
    return over ? decided(lost) : { verdict: 'await', for: 'termination', outcome: lost, waitSeconds: 2 }
  }
  const { exitCode, reason, message } = terminated
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return decided(make(evidence, { kind: 'startFailed', code: 'start_failed' }, 'pod_status', { reason, message }))
  }
  const memory = oom(evidence, exitCode)
  if (memory !== undefined) return decided(memory)
  const notes = exitCode === 0 && reason === 'OOMKilled' ? [oomNote] : []
  const outcome = make(evidence, plainEnd(exitCode, null), 'pod_status', { reason, message, notes })
  // The launcher may have more to say: why it stopped the command, and by which signal it ended. Its word is 0.4 s older
  // than the status, so it is late only when the log connection is broken; one that was killed itself says nothing.
  return { verdict: 'await', for: 'record', outcome, ...(exitCode === 137 ? { waitSeconds: 0.05 } : {}) }
}

/**
 * What became of a run, from everything known of it. Pure. The launcher's end record decides unless it tells of a
 * kill; then, and without a record, status explains in this order: DisruptionTarget and deletion, the pod's phase and
 * reason, the container's state, the Job's conditions, absence.
 */
export function judgeOutcome(evidence: Evidence): Judgement {
  if (evidence.end !== undefined) return fromRecord(evidence, evidence.end)
  const found = findInterruption(evidence)
  if (found !== undefined) return interrupted(evidence, found)
  return fromStatus(evidence)
}
