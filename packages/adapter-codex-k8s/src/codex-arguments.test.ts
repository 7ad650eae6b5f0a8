import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { codexArguments } from './codex-arguments.ts'
import { codexSchema } from './codex-settings.ts'

const argv = (settings: Record<string, unknown> = {}) =>
  codexArguments({ settings: requireSettings(codexSchema, settings), cwd: '/w' }).join(' ')

describe("Codex's command line", () => {
  it('names the directory, prints JSON and bypasses the sandbox', () => {
    expect(argv()).toBe('codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -C /w')
  })

  it.each([
    [{ model: 'gpt-5.5' }, '-m gpt-5.5'],
    [{ modelReasoningEffort: 'high' }, '-c model_reasoning_effort="high"'],
    [{ reasoningEffort: 'low' }, '-c model_reasoning_effort="low"'],
    [{ effort: 'low' }, '-c model_reasoning_effort="low"'],
    [{ variant: 'low' }, '-c model_reasoning_effort="low"'],
    [{ search: true }, '-c web_search="live"'],
    [{ fastMode: true }, '-c service_tier="fast" -c features.fast_mode=true'],
    [{ profile: 'team' }, '--profile team'],
    [{ dangerouslyBypassApprovalsAndSandbox: false }, '--sandbox workspace-write'],
    [{ dangerouslyBypassSandbox: false, sandbox: 'read-only' }, '--sandbox read-only'],
    [{ extraArgs: ['--add-dir', '/x'] }, '--add-dir /x'],
    [{ agentCommand: '/opt/codex' }, '/opt/codex exec'],
  ])('has %j as %s', (settings, expected) => expect(argv(settings)).toContain(expected))
})
