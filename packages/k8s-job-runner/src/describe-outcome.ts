import type { Outcome, OutcomeCode } from './outcome.ts'
import { outcomeTable } from './outcome-table.ts'

function headline(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'The command succeeded'
    case 'exited':
      return `The command ended with exit code ${outcome.exitCode}`
    case 'signalled':
      return `The command was ended by ${outcome.signal}`
    case 'oomKilled':
      return outcome.process === 'main'
        ? 'The command was killed for memory'
        : `A child of the command was killed for memory, and the command ended with exit code ${outcome.exitCode}`
    case 'evicted':
      return `The pod was evicted (${outcome.by})`
    case 'preempted':
      return `The pod was preempted (${outcome.by})`
    case 'nodeLost':
      return 'The node of the pod was lost; whether the command still runs is not known'
    case 'containerLost':
      return 'The container ended for a reason outside the command'
    case 'deadlineExceeded':
      return `The run took longer than its ${outcome.limit} limit`
    case 'outputLimitExceeded':
      return 'The command wrote more than its output limit'
    case 'cancelled':
      return `The run was cancelled by ${outcome.by}`
    case 'deletedExternally':
      return `The ${outcome.seen.what === 'job' ? 'Job' : 'pod'} was deleted by someone else`
    case 'unschedulable':
      return `No node fits the pod (${outcome.cause})`
    case 'imageError':
      return `The image of container ${outcome.container} could not be pulled`
    case 'configError':
      return 'The container could not be set up'
    case 'initFailed':
      return `Init container ${outcome.container} failed`
    case 'admissionDenied':
      return 'The cluster refused to create the pod'
    case 'quotaExceeded':
      return 'A resource quota leaves no room for the pod'
    case 'startFailed':
      return 'The command could not be started'
    case 'lost':
      return `The outcome of the run cannot be determined (${outcome.known})`
    case 'followFailed':
      return 'The run could not be followed to its end and may still be running'
    default:
      return outcome satisfies never
  }
}

/** Describes an outcome: its stable code, what happened, where it was seen, and what to do. */
export function describeOutcome(outcome: Outcome): { code: OutcomeCode; message: string } {
  const where = outcome.pod === undefined ? '' : ` in pod ${outcome.pod}`
  const node = outcome.node === undefined ? '' : ` on node ${outcome.node}`
  const words = [outcome.reason, outcome.message].filter((part) => part !== undefined && part !== '').join(': ')
  const detail =
    words === ''
      ? ''
      : ` ${outcome.source === 'end_record' ? 'The launcher' : 'Kubernetes'} says: ${words.trim().replace(/\.$/, '')}.`
  const notes = outcome.notes.length === 0 ? '' : ` ${outcome.notes.join(' ')}`
  const todo = outcome.kind === 'succeeded' ? '' : ` ${outcome.remedy ?? outcomeTable[outcome.code].todo}`
  return { code: outcome.code, message: `${headline(outcome)}${where}${node}.${detail}${notes}${todo}` }
}
