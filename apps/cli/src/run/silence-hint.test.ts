import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { opencodeAgent } from '@agent-jobs/adapter-opencode-k8s/agent'
import { silenceHint } from './silence-hint.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const running = { type: 'phase', phase: 'running', message: '', at: 0 } as const
const line = { type: 'line', stream: 'stdout', text: '{}' } as Parameters<ReturnType<typeof silenceHint>['shown']>[0]

describe('silenceHint', () => {
  it.each([
    ['OpenCode that stays silent', opencodeAgent, {}, false, 1],
    ['OpenCode that has begun', opencodeAgent, {}, true, 0],
    ['OpenCode that does not ask', opencodeAgent, { OPENCODE_DISABLE_MODELS_FETCH: '1' }, false, 0],
    ['Claude Code', claudeAgent, {}, false, 0],
  ])('speaks of %s', (_what, agent, secretEnv, begins, times) => {
    const said: string[] = []
    const hint = silenceHint(agent.slowStart, { secretEnv }, (text) => said.push(text))
    expect(hint.shown(running, ['as it is'])).toEqual(['as it is'])
    if (begins) hint.shown(line, [])
    vi.advanceTimersByTime(60_000)
    hint.stop()
    expect(said).toHaveLength(times)
  })
})
