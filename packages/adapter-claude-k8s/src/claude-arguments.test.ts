import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { claudeArguments } from './claude-arguments.ts'
import { claudeSchema } from './claude-settings.ts'
import type { VisibleEnv } from './provider.ts'

function argumentsOf(
  config: Record<string, unknown>,
  more: Partial<Parameters<typeof claudeArguments>[0]> = {},
  env: VisibleEnv = {},
) {
  return claudeArguments({
    settings: requireSettings(claudeSchema, config),
    env,
    resume: null,
    bundleDirectory: null,
    instructionsFile: null,
    mcpConfigFile: null,
    ...more,
  })
}

const base = ['claude', '--print', '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions']

describe("Claude Code's command line", () => {
  it('is short by default, and has no dash for the prompt', () => {
    expect(argumentsOf({})).toEqual({ argv: [...base, '--model', 'claude-opus-5'], warnings: [] })
  })

  it('passes what is set, in a fixed order', () => {
    const config = {
      model: 'claude-opus-5',
      effort: 'high',
      maxTurnsPerRun: '12',
      maxBudgetUsdPerRun: 1.5,
      fallbackModel: 'sonnet',
      settingSources: 'user, project',
      extraArgs: ['--betas', 'x'],
    }
    const more = { resume: 's', bundleDirectory: '/b', instructionsFile: '/b/i.md', mcpConfigFile: '/t/mcp.json' }
    expect(argumentsOf(config, more).argv.slice(5)).toEqual([
      '--setting-sources',
      'user,project',
      '--resume',
      's',
      '--dangerously-skip-permissions',
      '--model',
      'claude-opus-5',
      '--fallback-model',
      'sonnet',
      '--effort',
      'high',
      '--max-turns',
      '12',
      '--max-budget-usd',
      '1.5',
      '--append-system-prompt-file',
      '/b/i.md',
      '--mcp-config',
      '/t/mcp.json',
      '--strict-mcp-config',
      '--add-dir',
      '/b',
      '--betas',
      'x',
    ])
  })

  it.each([
    [{ thinkingEffort: 'low' }, 'low'],
    [{ variant: 'medium' }, 'medium'],
    [{ effort: 'high', thinkingEffort: 'low' }, 'high'],
  ])('reads the effort under each of its names: %j', (config, effort) => {
    const { argv } = argumentsOf(config)
    expect(argv[argv.indexOf('--effort') + 1]).toBe(effort)
  })

  it('can leave permission prompts on', () => {
    expect(argumentsOf({ dangerouslySkipPermissions: 'false' }).argv).not.toContain('--dangerously-skip-permissions')
  })

  it("takes the model of Paperclip's own adapter when nothing names another", () => {
    const modelIn = (env: Record<string, string | null>) => {
      const { argv } = argumentsOf({}, {}, env)
      return argv[argv.indexOf('--model') + 1]
    }
    expect(modelIn({})).toBe('claude-opus-5')
    for (const env of [{ ANTHROPIC_MODEL: 'x' }, { ANTHROPIC_MODEL: null }, { CLAUDE_CODE_USE_VERTEX: '1' }]) {
      expect(argumentsOf({}, {}, env).argv).not.toContain('--model')
    }
  })

  it('gives Bedrock no model that it does not know', () => {
    const bedrock = { CLAUDE_CODE_USE_BEDROCK: '1' }
    const { argv, warnings } = argumentsOf({ model: 'claude-opus-5' }, {}, bedrock)
    expect(argv).not.toContain('--model')
    expect(warnings).toEqual([expect.stringContaining('"claude-opus-5" is not a Bedrock id')])
    expect(argumentsOf({ model: 'us.anthropic.claude-opus-4-8-v1' }, {}, bedrock).argv).toContain('--model')
    expect(argumentsOf({ model: 'arn:aws:bedrock:x' }, {}, bedrock).argv).toContain('--model')
  })
})
