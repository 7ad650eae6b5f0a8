import { posix } from 'node:path'
import type { AgentDefinition } from '@agent-jobs/adapter-kit'
import type { ClaudeSummary } from '@agent-jobs/claude-stream-parser'
import { rotateAccounts } from './account-rotation.ts'
import { claudeCost } from './claude-cost.ts'
import { claudeAgent } from './agent.ts'
import { claudeArguments } from './claude-arguments.ts'
import { claudeModels, listClaudeModels, minimumVersion } from './claude-models.ts'
import { claudeSchema } from './claude-settings.ts'
import { configDirectory, findTranscript, transcriptFile } from './config-directory.ts'
import { configurationDoc } from './configuration-doc.ts'
import { claudeBilling } from './provider.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What is particular to Claude Code. */
export const claudeDefinition: AgentDefinition<typeof claudeSchema, ClaudeSummary> = {
  ...claudeAgent,
  type: 'claude_k8s',
  conversationType: 'claude_local',
  jobNamePrefix: 'ac',
  containerName: 'claude',
  bundleFolder: 'claude-prompt-cache',
  schema: claudeSchema,
  runtimeToolDelivery: 'native_mcp',
  // Spans are part of a beta; the first variable alone sends metrics and events (docs/agent-clis.md#telemetry).
  telemetryEnv: { CLAUDE_CODE_ENABLE_TELEMETRY: '1', CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1' },
  documentation: configurationDoc,
  models: claudeModels,
  listModels: listClaudeModels,
  executable: (settings) => settings.agentCommand,
  minimumVersion: ({ model }) => minimumVersion(model),
  isSessionId: (id) => uuid.test(id),
  // Claude Code would resume anywhere, but the conversation refers to files in its original directory.
  sessionBoundToDirectory: true,
  async findSession(input) {
    const directory = await configDirectory(input)
    return findTranscript(input.volume, directory, input.cwd, input.sessionId)
  },
  async earlierSession(input) {
    const directory = await configDirectory(input)
    const earlier = posix.join(input.volumeRoot, '.claude')
    return directory === earlier
      ? null
      : {
          from: transcriptFile(earlier, input.cwd, input.sessionId),
          to: transcriptFile(directory, input.cwd, input.sessionId),
        }
  },
  async prepare(input) {
    const { settings, env, bundle, mcpServers, runDirectory } = input
    const configDir = await configDirectory(input)
    const forAll = posix.join(input.volumeRoot, '.claude')
    const mcpConfigFile = Object.keys(mcpServers).length > 0 ? posix.join(runDirectory, 'mcp.json') : null
    const { argv, warnings } = claudeArguments({
      settings,
      env,
      resume: input.resume,
      bundleDirectory: bundle.directory,
      instructionsFile: bundle.instructionsFile,
      mcpConfigFile,
    })
    return {
      argv: rotateAccounts(argv, settings['providers.anthropic.accounts']),
      env: {
        CLAUDE_CONFIG_DIR: configDir,
        // The image decides the version; an update in the pod would be lost with it.
        DISABLE_AUTOUPDATER: '1',
        // In pods without internet access, each start would wait 10 to 80 s for telemetry that cannot be sent.
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: env['CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC'] ?? '1',
      },
      files: mcpConfigFile === null ? [] : [{ path: mcpConfigFile, content: JSON.stringify({ mcpServers }) }],
      notes: [],
      volumeFolders: [forAll, posix.join(input.companyHome, '.claude')].filter((folder) => folder === configDir),
      warnings:
        configDir === forAll && input.home !== input.volumeRoot
          ? [
              ...warnings,
              `The login in ${forAll} is every company's: agents that use it see each other's sessions there. Give the agent a key or CLAUDE_CODE_OAUTH_TOKEN, or log in below ${input.companyHome} instead.`,
            ]
          : warnings,
    }
  },
  resultFacts: ({ permissionDenials, usageByModel, lastResult, retries, compactions }) => ({
    permissionDenials,
    usageByModel,
    stopReason: lastResult?.stopReason ?? null,
    retries,
    compactions,
  }),
  errorNames: { empty_response: 'llm_api_error', truncated: 'claude_truncated' },
  retryAt: (summary) => summary.retryNotBeforeMs,
  billing: (env) => claudeBilling(env),
  cost: claudeCost,
}
