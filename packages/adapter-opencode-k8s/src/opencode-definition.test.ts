import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { opencodeArguments } from './opencode-arguments.ts'
import { opencodeDefinition } from './opencode-definition.ts'
import { opencodeSchema } from './opencode-settings.ts'

const argumentsOf = (settings: Record<string, unknown>, resume: string | null = null) =>
  opencodeArguments({ settings: requireSettings(opencodeSchema, settings), resume, cwd: '/paperclip/work' })

describe('the command line', () => {
  it('always names the directory, since a session lives in one', () => {
    const always = ['opencode', 'run', '--format', 'json', '--print-logs', '--log-level', 'ERROR']
    expect(argumentsOf({})).toEqual([...always, '--dir', '/paperclip/work'])
  })

  it('continues a session and passes model, variant and agent on', () => {
    const settings = { model: 'openai/gpt-5.5', variant: 'high', agent: 'plan', extraArgs: ['--thinking'] }
    expect(argumentsOf(settings, 'ses_1').slice(9)).toEqual([
      '--session',
      'ses_1',
      '--model',
      'openai/gpt-5.5',
      '--variant',
      'high',
      '--agent',
      'plan',
      '--thinking',
    ])
  })

  it("reads Paperclip's effort as the variant", () => {
    expect(argumentsOf({ effort: 'low' })).toContain('low')
    expect(argumentsOf({ thinkingEffort: 'max' })).toContain('max')
  })
})

describe('a session id', () => {
  it.each([
    ['ses_e02a1a47cffe6Nsw6flfelQT47', true],
    ['46ea05f0-3593-4386-b3cc-0dcc1ef36fcb', false],
    ['ses_../../etc', false],
    ['', false],
  ])('%s: %s', (id, verdict) => {
    expect(opencodeDefinition.isSessionId(id)).toBe(verdict)
  })
})
