import { describe, expect, it } from 'vitest'
import { readMessagesRequest } from './read-messages-request.ts'

const user = (...content: unknown[]): unknown => ({ role: 'user', content })
const say = (text: string): unknown => ({ type: 'text', text })
const result = (text: string): unknown => ({ type: 'tool_result', tool_use_id: 't', content: [say(text)] })
const assistant = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Bash', input: {} }] }
const tools = [{ name: 'Bash', input_schema: {} }]

describe('readMessagesRequest', () => {
  it('finds the prompt beside what the CLI wrapped around it', () => {
    const messages = [
      user(say('<system-reminder>x</system-reminder>'), say('Do it')),
      { role: 'system', content: [say('# Environment')] },
    ]
    expect(readMessagesRequest({ model: 'm', stream: true, tools, messages })).toMatchObject({
      api: 'messages',
      model: 'm',
      stream: true,
      tools: ['Bash'],
      prompt: 'Do it',
      turn: 1,
      step: 0,
      side: false,
      toolResults: [],
    })
  })

  it('counts rounds of tool results after the last prompt', () => {
    const messages = [user(say('One')), assistant, user(result('a')), assistant, user(result('b'), result('c'))]
    expect(readMessagesRequest({ tools, messages })).toMatchObject({
      prompt: 'One',
      turn: 1,
      step: 2,
      toolResults: ['b', 'c'],
    })
  })

  it('starts again at a second prompt', () => {
    const messages = [user(say('One')), assistant, user(result('a')), assistant, user(say('Two'))]
    expect(readMessagesRequest({ tools, messages })).toMatchObject({ prompt: 'Two', turn: 2, step: 0, toolResults: [] })
  })

  it('takes a string as content, of a prompt and of a result', () => {
    const messages = [{ role: 'user', content: 'One' }, assistant, user({ type: 'tool_result', content: 'plain' })]
    expect(readMessagesRequest({ tools, messages })).toMatchObject({ prompt: 'One', step: 1, toolResults: ['plain'] })
  })

  it('takes a request without tools for one on the side', () => {
    expect(readMessagesRequest({ messages: [user(say('Title?'))] }).side).toBe(true)
  })

  it.each([[{}], [{ messages: 'x' }], [{ messages: [1, null, { role: 'user', content: 5 }] }]])(
    'survives %j',
    (body) => {
      expect(readMessagesRequest(body)).toMatchObject({ prompt: '', turn: 1, step: 0, model: 'unknown' })
    },
  )

  it('bills the head as written to the cache first and as read from it later', () => {
    const system = [{ type: 'text', text: 'x'.repeat(4000), cache_control: { type: 'ephemeral' } }]
    const first = readMessagesRequest({ system, tools, messages: [user(say('One'))] }).tokens
    expect(first).toMatchObject({ cacheRead: 0 })
    expect(first.cacheWrite).toBeGreaterThan(1000)
    const second = readMessagesRequest({
      system,
      tools,
      messages: [user(say('One')), assistant, user(result('a'))],
    }).tokens
    expect(second.cacheRead).toBeGreaterThan(1000)
    expect(second.input).toBeLessThan(100)
  })

  it('bills everything as input when nothing is to be cached', () => {
    expect(readMessagesRequest({ system: 'x'.repeat(400), messages: [] }).tokens).toMatchObject({
      cacheRead: 0,
      cacheWrite: 0,
    })
  })
})
