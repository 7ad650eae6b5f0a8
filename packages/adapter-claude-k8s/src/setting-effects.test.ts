import { settingEffectTests } from '@agent-jobs/paperclip-testing'
import { claudeDefinition } from './claude-definition.ts'

settingEffectTests(claudeDefinition, {
  model: 'claude-haiku-5',
  extraArgs: ['--strict'],
  effort: 'high',
  thinkingEffort: 'high',
  variant: 'high',
  maxTurnsPerRun: 3,
  maxBudgetUsdPerRun: 2,
  dangerouslySkipPermissions: false,
  fallbackModel: 'claude-haiku-5',
  settingSources: ['user'],
  agentCommand: '/opt/claude',
  'providers.anthropic.accounts': ['first', 'second'],
  claudeConfigDir: 'shared',
})
