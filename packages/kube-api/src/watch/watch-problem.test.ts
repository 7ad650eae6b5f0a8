import { expect, it } from 'vitest'
import { KubeError } from '../kube-error.ts'
import { reportWatchProblems } from './watch-problem.ts'

const error = new KubeError({ code: 'unavailable', message: 'GET /jobs answered 503.', retryable: true })
const gone = new KubeError({ code: 'gone', message: 'too old' })

it('reports a watch that keeps failing after three failures, and then less and less often', () => {
  const told: string[] = []
  const onProblem = reportWatchProblems((message) => told.push(message))
  for (let failures = 1; failures <= 30; failures += 1) onProblem({ watch: 'jobs in ns', error, failures })
  expect(told).toEqual(
    [3, 6, 12, 24].map(
      (count) => `Watching jobs in ns has failed ${count} times in a row: GET /jobs answered 503. Still retrying.`,
    ),
  )
})

it('reports once that a watch was replaced by a list, and never that a version was too old', () => {
  const told: string[] = []
  const onProblem = reportWatchProblems((message) => told.push(message))
  for (const watch of ['jobs in ns', 'jobs in ns', 'pods in ns']) onProblem({ watch, error, failures: 0 })
  onProblem({ watch: 'jobs in ns', error: gone, failures: 0 })
  expect(told).toEqual([
    'Watching jobs in ns is replaced by listing: GET /jobs answered 503.',
    'Watching pods in ns is replaced by listing: GET /jobs answered 503.',
  ])
})
