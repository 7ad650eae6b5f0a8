import { expect, it } from 'vitest'
import { codexAgent } from './agent.ts'

const completed = '{"type":"turn.completed","usage":{"input_tokens":20,"output_tokens":4}}'

it.each([
  [{ resumed: false }, 'per_run'],
  [{ resumed: true }, 'session_cumulative'],
  [undefined, 'per_run'],
])('says whose tokens a run without the program in the pod states: %j', (run, usageBasis) => {
  const parser = codexAgent.createParser(run)
  parser.line(completed)
  expect(parser.end()).toMatchObject({ usageBasis, usage: { inputTokens: 20, outputTokens: 4 } })
})

it('resumes a thread by its id, and by nothing else', () => {
  const thread = '01a228d8-f2e1-7872-a036-e1fbb3403739'
  expect(codexAgent.resumeArguments?.(thread)).toEqual(['resume', thread])
  expect(codexAgent.resumeArguments?.('--last')).toBeNull()
})
