import { describe, expect, it } from 'vitest'
import type { ModelRequest } from './model-request.ts'
import type { Reply } from './reply.ts'
import { scenarios } from './scenarios.ts'

const request = (more: Partial<ModelRequest> = {}): ModelRequest => ({
  api: 'messages',
  model: 'm',
  stream: true,
  tools: ['Bash'],
  prompt: 'Please look at this workspace and tell me all that you can find in there today',
  turn: 1,
  step: 0,
  toolResults: [],
  running: null,
  side: false,
  tokens: { input: 10, cacheRead: 0, cacheWrite: 0 },
  ...more,
})
const ask = (name: string, more: Partial<ModelRequest> = {}, earlier = 0): Reply => {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`no scenario ${name}`)
  return scenario(request(more), { earlier })
}
const words = (reply: Reply): string => JSON.stringify(reply)

describe('the scenarios', () => {
  it.each(Object.keys(scenarios))('%s is a pure function of request and context', (name) => {
    expect(ask(name)).toEqual(ask(name))
  })

  it('text quotes the head of the prompt', () => {
    expect(words(ask('text'))).toContain('“Please look at this workspace and tell me all that you can …”')
  })

  it('tool runs the command between backticks', () => {
    expect(ask('tool', { prompt: 'Run `date`' })).toMatchObject({
      blocks: [{ type: 'text' }, { type: 'tool', name: 'Bash', input: { command: 'date' } }],
    })
  })

  it('tool looks around where the prompt names no command', () => {
    expect(words(ask('tool'))).toContain('pwd && ls')
  })

  it('tool answers from the result, shortened', () => {
    const reply = ask('tool', { step: 1, toolResults: [Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')] })
    expect(words(reply)).toContain('line 7')
    expect(words(reply)).not.toContain('line 8')
    expect(words(reply)).toContain('12 more lines')
  })

  it.each(['tool', 'loop', 'write', 'thinking-tool'])('%s calls the shell by the name that the API uses', (name) => {
    expect(words(ask(name))).toContain('"name":"Bash"')
    expect(words(ask(name, { api: 'chat' }))).toContain('"name":"bash"')
  })

  it('subagent delegates, works as the sub-agent, and reports', () => {
    const delegated = ask('subagent')
    expect(words(delegated)).toContain('"name":"Agent"')
    const errand = delegated.kind === 'message' ? delegated.blocks.find((block) => block.type === 'tool') : undefined
    const prompt = errand?.type === 'tool' ? String(errand.input['prompt']) : ''
    expect(words(ask('subagent', { prompt }))).toContain('"name":"Bash"')
    expect(words(ask('subagent', { prompt, step: 1, toolResults: ['README.md'] }))).toContain('Found: README.md')
    expect(words(ask('subagent', { step: 1, toolResults: ['Found: README.md'] }))).toContain('sub-agent reported')
    expect(words(ask('subagent', { api: 'chat' }))).toContain('"name":"task"')
  })

  it('gives a title on the side, except where the service fails', () => {
    expect(ask('tool', { side: true })).toEqual({
      kind: 'message',
      blocks: [{ type: 'text', text: 'Please look at this workspace' }],
    })
    expect(ask('401', { side: true })).toMatchObject({ kind: 'error', status: 401 })
  })

  it.each(['429', '500', '529'])('%s-once fails only the first time', (status) => {
    expect(ask(`${status}-once`)).toMatchObject({ kind: 'error', status: Number(status) })
    expect(ask(`${status}-once`, {}, 1)).toMatchObject({ kind: 'message' })
    expect(ask(`${status}-once`, { side: true })).toMatchObject({ kind: 'message' })
  })

  it('write quotes the prompt for the shell', () => {
    expect(ask('write', { prompt: `it's` })).toMatchObject({
      blocks: [{}, { input: { command: expect.stringContaining(`'Asked: it'\\''s`) } }],
    })
  })
})
