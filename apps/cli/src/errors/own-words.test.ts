import { describeOutcome, outcomeTable, type Outcome } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import { explanationOf, explanations } from './explanations.ts'
import { inOwnWords } from './own-words.ts'

describe('inOwnWords', () => {
  it('replaces the advice of every outcome by one that names options', () => {
    for (const [code, { todo }] of Object.entries(outcomeTable)) {
      const own = inOwnWords(code, `It happened in pod p. Kubernetes says: x. ${todo}`)
      expect(own).toBe(`It happened in pod p. Kubernetes says: x. ${explanationOf(code)?.remedy}`)
    }
  })

  it('does not change a message without such advice', () => {
    expect(inOwnWords('image_error', 'No such image.')).toBe('No such image.')
    expect(inOwnWords('rate_limited', 'Slow down.')).toBe('Slow down.')
  })

  it("recognises the advice at the end of the runner's messages", () => {
    const outcome = {
      kind: 'imageError',
      code: 'image_error',
      container: 'main',
      exitCode: null,
      signal: null,
      source: 'pod_status',
      notes: [],
    } as Outcome
    expect(inOwnWords('image_error', describeOutcome(outcome).message)).toMatch(
      /could not be (?:had|pulled)[^.]*\. Check `--image`\. For a private registry, pass `--pull-secret NAME`\.$/,
    )
  })

  it('never mentions API fields', () => {
    for (const { means, remedy } of Object.values(explanations)) {
      expect(`${means} ${remedy}`).not.toMatch(
        /limits\.|secretEnv|pullSecrets|`cause`|`holder`|`problems`|`known`|`seen`|scheduling\./,
      )
    }
  })
})
