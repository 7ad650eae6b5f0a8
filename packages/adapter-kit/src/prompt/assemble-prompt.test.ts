import { describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { assemblePrompt } from './assemble-prompt.ts'

const wake = {
  reason: 'issue_commented',
  issue: { id: 'i', identifier: 'PAP-1', title: 'Hello' },
  comments: [{ id: 'c', body: 'Please hurry' }],
  commentIds: ['c'],
}

function promptOf(options: {
  resumed?: boolean
  context?: Record<string, unknown>
  promptTemplate?: string
  bootstrap?: string
  lead?: string[]
}) {
  const { ctx } = paperclipContext({ context: options.context ?? {} })
  return assemblePrompt({
    ctx,
    promptTemplate: options.promptTemplate,
    bootstrapPromptTemplate: options.bootstrap,
    resumed: options.resumed ?? false,
    ...(options.lead ? { lead: options.lead } : {}),
  })
}

describe('the prompt', () => {
  it('has the order lead, bootstrap, wake, handoff, task, heartbeat', () => {
    const { prompt } = promptOf({
      lead: ['LEAD'],
      bootstrap: 'BOOT {{agent.name}}',
      promptTemplate: 'GO {{run.id}} {{company.id}}',
      context: { paperclipWake: wake, paperclipSessionHandoffMarkdown: 'HANDOFF' },
    })
    const at = ['LEAD', 'BOOT Ada', 'Please hurry', 'HANDOFF', '# Say hello', 'GO 3fa85f64'].map((part) =>
      prompt.indexOf(part),
    )
    expect(at.every((position) => position >= 0)).toBe(true)
    expect([...at].sort((a, b) => a - b)).toEqual(at)
  })

  it("uses Paperclip's own template by default", () => {
    expect(promptOf({}).prompt).toContain('Ada')
    expect(promptOf({}).metrics['heartbeatPromptChars']).toBeGreaterThan(100)
  })

  it('is only what is new when a session goes on', () => {
    const { prompt, metrics } = promptOf({
      resumed: true,
      bootstrap: 'BOOT',
      promptTemplate: 'GO',
      context: { paperclipWake: wake },
    })
    expect(prompt).not.toMatch(/BOOT|GO$/)
    expect(metrics).toMatchObject({ bootstrapPromptChars: 0, heartbeatPromptChars: 0 })
  })

  it('counts its parts', () => {
    const { prompt, metrics } = promptOf({ promptTemplate: 'GO' })
    expect(metrics['promptChars']).toBe(prompt.length)
    expect(metrics['heartbeatPromptChars']).toBe(2)
  })
})
