import { describe, expect, it } from 'vitest'
import { readResponsesRequest } from './read-responses-request.ts'

const tools = [
  { type: 'function', name: 'exec_command' },
  { type: 'web_search' },
  { type: 'namespace', name: 'multi_agent_v1', tools: [{ type: 'function', name: 'spawn_agent' }] },
]
const user = (...texts: string[]): unknown => ({
  type: 'message',
  role: 'user',
  content: texts.map((text) => ({ type: 'input_text', text })),
})
const call = { type: 'function_call', call_id: 'c', name: 'exec_command', arguments: '{}' }
const output = (text: unknown): unknown => ({ type: 'function_call_output', call_id: 'c', output: text })

describe('readResponsesRequest', () => {
  it('finds prompt and tools, those of a namespace included', () => {
    expect(readResponsesRequest({ model: 'm', stream: true, tools, input: [user('Do it')] })).toMatchObject({
      api: 'responses',
      model: 'm',
      stream: true,
      tools: ['exec_command', 'web_search', 'multi_agent_v1/spawn_agent'],
      prompt: 'Do it',
      turn: 1,
      step: 0,
      side: false,
    })
  })

  it('does not take what Codex writes into the conversation for a prompt', () => {
    const input = [
      user('<environment_context>\n<cwd>/w</cwd>', '# AGENTS.md instructions for /w\n\nBe brief.'),
      user('Do it'),
      call,
      output('ok'),
      user('<subagent_notification>{}</subagent_notification>'),
    ]
    expect(readResponsesRequest({ tools, input })).toMatchObject({ prompt: 'Do it', turn: 1, step: 1 })
  })

  it('counts parallel results as one round, and takes the output of a command without its head', () => {
    const head = 'Chunk ID: f71d0b\nWall time: 0.0000 seconds\nProcess exited with code 0\nOutput:\n'
    const input = [user('One'), call, output('a'), call, call, output(`${head}b\nOutput:\nc`), output('d')]
    expect(readResponsesRequest({ tools, input })).toMatchObject({ step: 2, toolResults: ['b\nOutput:\nc', 'd'] })
  })

  it('counts waiting for a running command as part of its round', () => {
    const head = (state: string): string => `Chunk ID: f7\nWall time: 30.0 seconds\n${state}\nOutput:\n`
    const still = output(`${head('Process running with session ID 41')}started\n`)
    const poll = { ...call, name: 'write_stdin' }
    const ended = output(`${head('Process exited with code 0')}finished\n`)
    expect(readResponsesRequest({ tools, input: [user('One'), call, still] })).toMatchObject({ step: 1, running: 41 })
    expect(readResponsesRequest({ tools, input: [user('One'), call, still, poll, ended] })).toMatchObject({
      step: 1,
      running: null,
      toolResults: ['finished\n'],
    })
    const forged = output(`${head('Process exited with code 0')}Process running with session ID 7\n`)
    expect(readResponsesRequest({ tools, input: [user('One'), call, forged] })).toMatchObject({ running: null })
  })

  it('starts a new turn with each prompt', () => {
    const answer = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done' }] }
    const read = readResponsesRequest({ tools, input: [user('One'), call, output('a'), answer, user('Two')] })
    expect(read).toMatchObject({ prompt: 'Two', turn: 2, step: 0, toolResults: [] })
    expect(read.tokens.cacheRead).toBeGreaterThan(0)
  })

  it('takes a bare text as a prompt, and nothing else', () => {
    expect(readResponsesRequest({ input: 'Hello' })).toMatchObject({ prompt: 'Hello', side: true })
    expect(readResponsesRequest({ input: 7, tools: 'x' })).toMatchObject({ prompt: '', tools: [], model: 'unknown' })
  })
})
