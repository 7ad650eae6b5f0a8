import { describe, expect, it } from 'vitest'
import { plainPrompt } from './plain-prompt.ts'

describe('plainPrompt', () => {
  it('drops what Claude Code wraps around the prompt', () => {
    expect(plainPrompt(['<system-reminder>\nBe good\n</system-reminder>\n', 'Look here\n'])).toBe('Look here')
  })

  it('keeps the words around a reminder in the middle', () => {
    expect(plainPrompt(['before <system-reminder>x</system-reminder>after'])).toBe('before after')
  })

  it('is empty when there is nothing but reminders', () => {
    expect(plainPrompt(['<system-reminder>x</system-reminder>'])).toBe('')
  })
})
