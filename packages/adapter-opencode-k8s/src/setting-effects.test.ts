import { settingEffectTests } from '@agent-jobs/paperclip-testing'
import { opencodeDefinition } from './opencode-definition.ts'

const claim = { agentDbMode: 'dedicated_pvc' }

settingEffectTests(
  opencodeDefinition,
  {
    model: 'openai/gpt-5.5',
    extraArgs: ['--strict'],
    variant: 'high',
    effort: 'high',
    thinkingEffort: 'high',
    agent: 'plan',
    smallModel: 'openai/gpt-5-mini',
    maxStepsPerRun: 3,
    compactThreshold: 50_000,
    dangerouslySkipPermissions: false,
    denyEnvironmentDump: false,
    envGuardPlugin: true,
    providerOptions: { openai: { timeout: 1_000 } },
    chunkTimeoutMs: 1_000,
    disabledProviders: ['openai'],
    authJson: { openai: { type: 'api', key: 'sk-test' } },
    agentDbMode: 'dedicated_pvc',
    agentDbStorageClass: 'fast',
    agentDbStorageCapacity: '7Gi',
    agentCommand: '/opt/opencode',
  },
  {
    agentDbStorageClass: claim,
    agentDbStorageCapacity: claim,
    envGuardPlugin: { denyEnvironmentDump: false },
    compactThreshold: { model: 'openai/gpt-5.5' },
    chunkTimeoutMs: { model: 'openai/gpt-5.5' },
    maxStepsPerRun: { agent: 'build' },
  },
)
