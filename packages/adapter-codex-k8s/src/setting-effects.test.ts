import { settingEffectTests } from '@agent-jobs/paperclip-testing'
import { codexDefinition } from './codex-definition.ts'

settingEffectTests(
  codexDefinition,
  {
    model: 'gpt-5.5',
    extraArgs: ['--strict'],
    modelReasoningEffort: 'high',
    reasoningEffort: 'high',
    effort: 'high',
    thinkingEffort: 'high',
    variant: 'high',
    search: true,
    fastMode: true,
    dangerouslyBypassApprovalsAndSandbox: false,
    dangerouslyBypassSandbox: false,
    sandbox: 'read-only',
    allowForcedRemoval: false,
    commandEnvironment: 'all',
    requireMcpServers: false,
    profile: 'work',
    profileConfig: 'model = "gpt-5.5"',
    authJson: { OPENAI_API_KEY: 'sk-test' },
    agentCommand: '/opt/codex',
  },
  { sandbox: { dangerouslyBypassApprovalsAndSandbox: false }, profileConfig: { profile: 'work' } },
)
