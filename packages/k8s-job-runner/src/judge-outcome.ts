import type { EndEvidence, Evidence } from './evidence.ts'
import { findInterruption, hasEndedByStatus, isBackInQueue, type Interruption } from './interruption.ts'
import type { Outcome, OutcomeFacts, OutcomeKind } from './outcome.ts'
import { containerStatus, isJobFinished, isPodTerminal, jobCondition } from './read-pod.ts'
import { explainStart } from './start-remedy.ts'

/** What the evidence shows so far. */
export type Judgement =
  | { verdict: 'undecided' }
  | { verdict: 'decided'; outcome: Outcome }
  /** Better evidence is expected. `outcome` applies if it does not arrive. */
  | { verdict: 'await'; for: AwaitedEvidence; outcome: Outcome; waitSeconds?: number }

/** What a judgement waits for. */
export type AwaitedEvidence =
  /** The end of the container whose end record was read. */
  | 'container_end'
  /** The reason for a kill, which only the status of the ended container has. */
  | 'kill_reason'
  /** The rest of the output: it may contain the end record, and a missing one is evidence too. */
  | 'output'
  /** The end of a pod that may never report again. */
  | 'termination'

const undecided: Judgement = { verdict: 'undecided' }
const decided = (outcome: Outcome): Judgement => ({ verdict: 'decided', outcome })

/**
 * Reasons of a container that the kubelet or the runtime has lost track of. Their exit codes are made up
 * (docs/kubernetes-facts.md#unknown-exits).
 */
const unknownReasons: ReadonlySet<string> = new Set(['ContainerStatusUnknown', 'Unknown'])

const isUnknownEnd = (reason: string | undefined): boolean => reason !== undefined && unknownReasons.has(reason)

function exitFacts(evidence: Evidence): Pick<OutcomeFacts, 'exitCode' | 'signal' | 'pod' | 'node' | 'durationMs'> {
  const { pod, container } = evidence
  const end = believedEnd(evidence)
  const terminated = containerStatus(pod, container)?.state?.terminated
  const code = end === undefined ? terminated?.exitCode : end.exitCode
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
  details: {
    reason?: string | undefined
    message?: string | undefined
    remedy?: string | undefined
    notes?: string[]
    stoppedBy?: 'loop_limit'
  } = {},
): Outcome {
  const { reason, message, remedy, notes = [], stoppedBy } = details
  return {
    ...exitFacts(evidence),
    // The code of a container that was lost comes from the runtime or the kernel, not from the command.
    ...(kind.kind === 'containerLost' ? { exitCode: null } : {}),
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
    source,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(remedy === undefined ? {} : { remedy }),
    notes,
    ...kind,
  }
}

const withNote = (outcome: Outcome, note: string): Outcome => ({ ...outcome, notes: [...outcome.notes, note] })

/** An end record counts unless the container went on running after it. */
function believedEnd({ end, stopped }: Evidence): EndEvidence | undefined {
  return stopped === 'unconfirmed_end' ? undefined : end
}

function interrupted(evidence: Evidence, found: Interruption): Judgement {
  const { kind, source, reason, message, note, assumeAfterSeconds } = found
  const outcome = make(evidence, kind, source, { reason, message, notes: note === undefined ? [] : [note] })
  if (hasEndedByStatus(evidence) || assumeAfterSeconds === 0) return decided(outcome)
  if (evidence.pod === undefined && isJobFinished(evidence.job)) {
    return { verdict: 'await', for: 'termination', outcome, waitSeconds: 2 }
  }
  // Within its grace period: its last output and its end are still to come.
  if (assumeAfterSeconds === undefined) return undecided
  return { verdict: 'await', for: 'termination', outcome, waitSeconds: assumeAfterSeconds }
}

const oomNote = 'A child process was killed for memory; the command continued and exited with code 0.'

/**
 * An out-of-memory kill: the status has the reason `OOMKilled` with the main process's own code
 * (docs/kubernetes-facts.md#oom); the launcher's record counts the kernel's kills and arrives half a second earlier.
 */
function oom(evidence: Evidence, exitCode: number | null): Outcome | undefined {
  if (!wasKilledForMemory(evidence) || exitCode === 0) return undefined
  const terminated = containerStatus(evidence.pod, evidence.container)?.state?.terminated
  const isMain = exitCode === 137 || (exitCode === null && (believedEnd(evidence)?.signal ?? 'SIGKILL') === 'SIGKILL')
  const kind: OutcomeKind = { kind: 'oomKilled', code: 'oom_killed', process: isMain ? 'main' : 'child' }
  if (terminated?.reason !== 'OOMKilled') return make(evidence, kind, 'end_record')
  return make(evidence, kind, 'pod_status', { reason: terminated.reason, message: terminated.message })
}

function wasKilledForMemory(evidence: Evidence): boolean {
  const { pod, container } = evidence
  const kills = believedEnd(evidence)?.oomKills ?? 0
  return kills > 0 || containerStatus(pod, container)?.state?.terminated?.reason === 'OOMKilled'
}

function byLimit(evidence: Evidence, stoppedBy: string | null): Outcome | undefined {
  switch (stoppedBy) {
    case 'idle_limit':
      return make(evidence, { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'idle' }, 'end_record')
    case 'total_limit':
      return make(evidence, { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'total' }, 'end_record')
    case 'output_limit':
      return make(evidence, { kind: 'outputLimitExceeded', code: 'output_limit_exceeded' }, 'end_record')
    case 'loop_limit':
      return make(evidence, { kind: 'signalled', code: 'signalled', signal: 'SIGTERM' }, 'end_record', {
        notes: ['The launcher stopped the command because it repeated itself.'],
        stoppedBy: 'loop_limit',
      })
    case 'hang_after_finish':
      return make(evidence, { kind: 'succeeded', code: 'succeeded' }, 'end_record', {
        notes: ['The command had finished its work and was stopped because it did not exit.'],
      })
    default:
      return undefined
  }
}

/** The outcome by the record alone; undefined for a kill whose reason only the status has. */
function plainRecord(evidence: Evidence, end: EndEvidence): Outcome | undefined {
  const { exitCode, signal, stoppedBy, startError } = end
  if (startError !== undefined) {
    const { code: reason, message } = startError
    // The first pod is gone, and with it what took it away; only a queue lets a Job start a second one.
    if (reason === 'already_started') {
      return make(evidence, { kind: 'preempted', code: 'preempted', by: 'queue' }, 'end_record', { reason, message })
    }
    return make(evidence, { kind: 'startFailed', code: 'start_failed' }, 'end_record', { reason, message })
  }
  const limit = byLimit(evidence, stoppedBy)
  if (limit !== undefined) return limit
  const wasKilled = signal === 'SIGKILL' || exitCode === 137 || (exitCode === null && signal === null)
  if (stoppedBy !== null || wasKilled) return undefined
  const notes = exitCode === 0 && wasKilledForMemory(evidence) ? [oomNote] : []
  return oom(evidence, exitCode) ?? make(evidence, plainEnd(exitCode, signal), 'end_record', { notes })
}

function fromKill(evidence: Evidence, end: EndEvidence): Judgement {
  const { exitCode, signal, stoppedBy } = end
  const found = findInterruption(evidence)
  if (found !== undefined) return interrupted(evidence, found)
  const memory = oom(evidence, exitCode)
  if (memory?.source === 'pod_status') return decided(memory)
  const outcome =
    stoppedBy === null
      ? (memory ?? make(evidence, plainEnd(exitCode, signal), 'end_record'))
      : make(evidence, { kind: 'signalled', code: 'signalled', signal: signal ?? 'SIGTERM' }, 'end_record', {
          notes: ['The launcher received a signal from outside the command.'],
        })
  // The reason for a kill (memory, eviction, deletion, deadline) is in the status (docs/kubernetes-facts.md#end-delays).
  return hasEndedByStatus(evidence) ? decided(outcome) : { verdict: 'await', for: 'kill_reason', outcome }
}

/**
 * The record counts only once its container has ended: any process in the pod can print a record, and one from a live
 * process would hide everything that it does afterwards.
 */
function fromRecord(evidence: Evidence, end: EndEvidence): Judgement {
  const outcome = plainRecord(evidence, end)
  if (outcome === undefined) return fromKill(evidence, end)
  if (evidence.endProven === true || hasEndedByStatus(evidence)) return decided(outcome)
  const waitSeconds = findInterruption(evidence)?.assumeAfterSeconds
  if (waitSeconds === undefined) return { verdict: 'await', for: 'container_end', outcome }
  const unconfirmed = withNote(outcome, 'Its node was lost before it confirmed the end.')
  if (waitSeconds === 0) return decided(unconfirmed)
  return { verdict: 'await', for: 'termination', outcome: unconfirmed, waitSeconds }
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

function withoutContainerEnd(evidence: Evidence): Judgement {
  const { pod, job } = evidence
  if (pod !== undefined && isPodTerminal(pod)) {
    const init = failedInit(evidence)
    if (init !== undefined) return decided(init)
    const { reason, message } = pod.status ?? {}
    if (reason !== undefined) {
      // The kubelet refused the pod (OutOfcpu, NodeAffinity, UnexpectedAdmissionError …): nothing was started.
      return decided(make(evidence, { kind: 'startFailed', code: 'start_failed' }, 'pod_status', { reason, message }))
    }
  }
  const isOver = hasEndedByStatus(evidence)
  // The Job has ended without a pod: the pod is gone, or the watch of pods is behind. The objects are read again.
  if (!isOver && (pod !== undefined || !isJobFinished(job))) return undecided
  const known = `pod phase ${pod?.status?.phase ?? 'unknown'}, container state unknown, Job ${
    jobCondition(job, 'Complete', 'Failed')?.type ?? 'without an end'
  }`
  const lost = make(evidence, { kind: 'lost', code: 'lost', known }, pod === undefined ? 'absence' : 'pod_status')
  return isOver ? decided(lost) : { verdict: 'await', for: 'termination', outcome: lost, waitSeconds: 2 }
}

function fromStatus(evidence: Evidence): Judgement {
  const { pod, container } = evidence
  const terminated = containerStatus(pod, container)?.state?.terminated
  if (terminated === undefined) return withoutContainerEnd(evidence)
  const { exitCode, reason, message } = terminated
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    const { remedy } = explainStart(message ?? '', null)
    const kind: OutcomeKind = { kind: 'startFailed', code: 'start_failed' }
    return decided(make(evidence, kind, 'pod_status', { reason, message, remedy }))
  }
  const memory = oom(evidence, exitCode)
  if (memory !== undefined) return decided(memory)
  const notes = exitCode === 0 && reason === 'OOMKilled' ? [oomNote] : []
  const kind: OutcomeKind = isUnknownEnd(reason)
    ? { kind: 'containerLost', code: 'container_lost' }
    : plainEnd(exitCode, null)
  return fromOutput(evidence, make(evidence, kind, 'pod_status', { reason, message, notes }))
}

/** An outcome by status alone, together with what the output contains and lacks. */
function fromOutput(evidence: Evidence, byStatus: Outcome): Judgement {
  const { output, launcherStarted = false } = evidence
  switch (output?.state) {
    case undefined:
    case 'reading':
      return { verdict: 'await', for: 'output', outcome: byStatus }
    case 'unread':
      return decided(
        withNote(byStatus, `The output could not be read to its end, so its own report is missing: ${output.problem}.`),
      )
    case 'read': {
      const { exitCode, reason } = byStatus
      if (byStatus.kind === 'containerLost') return decided(byStatus)
      // A launcher that could not start exits by itself; one that was killed may have started the command.
      if (launcherStarted || byStatus.kind === 'signalled') {
        const note = launcherStarted
          ? 'The launcher reported the start of the command and never its end.'
          : 'The container was killed before its launcher reported anything.'
        const kind: OutcomeKind = { kind: 'containerLost', code: 'container_lost' }
        const code = `The status of its container says exit code ${exitCode ?? 'unknown'}.`
        return decided(make(evidence, kind, 'pod_status', { reason, notes: [note, code] }))
      }
      const { message, remedy } = explainStart(output.unframed, exitCode)
      const kind: OutcomeKind = { kind: 'startFailed', code: 'start_failed' }
      return decided(make(evidence, kind, 'pod_status', { reason, message, remedy }))
    }
    default:
      return output satisfies never
  }
}

/**
 * The outcome of a run, from everything known about it. Pure. The launcher's end record decides once its container has
 * ended, unless it tells of a kill; then, and without a record, the status explains in this order: DisruptionTarget and
 * deletion, the pod's phase and reason, the container's state together with the output, the Job's conditions, absence.
 */
export function judgeOutcome(evidence: Evidence): Judgement {
  const end = believedEnd(evidence)
  if (end !== undefined) return fromRecord(evidence, end)
  if (isBackInQueue(evidence)) return undecided
  const found = findInterruption(evidence)
  if (found !== undefined) return interrupted(evidence, found)
  return fromStatus(evidence)
}
