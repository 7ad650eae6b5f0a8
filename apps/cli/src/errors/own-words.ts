import { outcomeTable } from '@agent-jobs/k8s-job-runner'
import { explanationOf } from './explanations.ts'

/** A message of the runner whose advice, which names API fields, is replaced by that of the command line. */
export function inOwnWords(code: string, message: string): string {
  const todo = new Map<string, { todo: string }>(Object.entries(outcomeTable)).get(code)?.todo
  const remedy = explanationOf(code)?.remedy
  if (todo === undefined || remedy === undefined || !message.includes(todo)) return message
  return message.replace(todo, remedy)
}
