import { describe, expect, it } from 'vitest'
import { readChatRequest } from './read-chat-request.ts'

const tools = [{ type: 'function', function: { name: 'bash', parameters: {} } }]
const system = { role: 'system', content: 'You are an agent' }
const call = {
  role: 'assistant',
  content: '',
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'bash', arguments: '{}' } }],
}
const tool = (content: unknown): unknown => ({ role: 'tool', tool_call_id: 'c', content })

describe('readChatRequest', () => {
  it('finds prompt and tools', () => {
    expect(
      readChatRequest({ model: 'm', stream: true, tools, messages: [system, { role: 'user', content: 'Do it' }] }),
    ).toMatchObject({
      api: 'chat',
      model: 'm',
      stream: true,
      tools: ['bash'],
      prompt: 'Do it',
      turn: 1,
      step: 0,
      side: false,
    })
  })

  it('counts parallel results as one round', () => {
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'One' }] },
      call,
      tool('a'),
      tool('b'),
      call,
      tool('c'),
      tool('d'),
    ]
    expect(readChatRequest({ tools, messages })).toMatchObject({ prompt: 'One', step: 2, toolResults: ['c', 'd'] })
  })

  it('starts again at a second prompt', () => {
    const messages = [{ role: 'user', content: 'One' }, call, tool('a'), { role: 'user', content: 'Two' }]
    expect(readChatRequest({ tools, messages })).toMatchObject({ prompt: 'Two', turn: 2, step: 0, toolResults: [] })
  })

  it('reads earlier messages from the cache', () => {
    const messages = [{ role: 'user', content: 'x'.repeat(4000) }, call, tool('a')]
    const { tokens } = readChatRequest({ tools, messages })
    expect(tokens.cacheRead).toBeGreaterThan(1000)
    expect(tokens.cacheWrite).toBe(0)
  })

  it.each([[{}], [{ messages: 7 }], [{ tools: [{}], messages: [null, { role: 'user' }] }]])('survives %j', (body) => {
    expect(readChatRequest(body)).toMatchObject({ prompt: '', turn: 1, step: 0 })
  })
})
