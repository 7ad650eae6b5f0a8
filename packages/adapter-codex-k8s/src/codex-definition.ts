import { posix } from 'node:path'
import { AdapterError, listedCost, type AgentDefinition } from '@agent-jobs/adapter-kit'
import { codexAgent, isThreadId } from './agent.ts'
import { codexArguments } from './codex-arguments.ts'
import { codexBilling } from './codex-billing.ts'
import { codexConfig, removalRule } from './codex-config.ts'
import { codexModels, listCodexModels } from './codex-models.ts'
import { codexSchema } from './codex-settings.ts'
import { configurationDoc } from './configuration-doc.ts'
import { codexErrors, createRunParser, type CodexRunSummary } from './run-summary.ts'
import { isReportLine } from './program/run-report.ts'
import { codexPlaces, findRollout } from './session-store.ts'
import { startProgram } from './start-program.ts'

/** What is particular to Codex. */
export const codexDefinition: AgentDefinition<typeof codexSchema, CodexRunSummary> = {
  ...codexAgent,
  type: 'codex_k8s',
  conversationType: 'codex_local',
  jobNamePrefix: 'agent-codex',
  containerName: 'codex',
  bundleFolder: 'codex-prompt-cache',
  schema: codexSchema,
  runtimeToolDelivery: 'native_mcp',
  documentation: configurationDoc,
  models: codexModels,
  listModels: listCodexModels,
  modelsInImage: true,
  executable: (settings) => settings.agentCommand,
  // The oldest version that was tested; its options and events are the ones that this package knows.
  minimumVersion: () => '0.171.0',
  isSessionId: isThreadId,
  // A thread works in whatever directory the process is given, and tells the model.
  sessionBoundToDirectory: false,
  findSession: (input) =>
    findRollout(input.volume, codexPlaces({ ...input, runDirectory: '/nowhere' }).sessions, input.sessionId),
  async prepare(input) {
    const { settings, run, bundle, runDirectory, isolation } = input
    if (settings.authJson !== undefined && isolation.mode !== 'shared' && !hasKey(settings.authJson)) {
      throw new AdapterError(
        'invalid_config',
        'A ChatGPT login has one refresh token, which isolated runs would use up side by side. Use an API key, or switch isolation off.',
      )
    }
    const places = codexPlaces({ ...input, taskId: run.taskId })
    const home = posix.join(runDirectory, 'codex')
    const { config, warnings, notes } = codexConfig({
      settings,
      databases: posix.join(runDirectory, 'codex-db'),
      mcpServers: input.mcpServers,
    })
    const start = startProgram({
      home,
      places,
      skills: bundle.directory === null ? null : posix.join(bundle.directory, '.claude', 'skills'),
      instructions: bundle.instructionsFile,
      resume: input.resume,
      settings,
      runDirectory,
      argv: codexArguments({ settings, cwd: input.cwd }),
      config,
    })
    return {
      argv: start.argv,
      env: { CODEX_HOME: home },
      files: [
        ...(settings.profile !== undefined && settings.profileConfig !== undefined
          ? [{ path: posix.join(home, `${settings.profile}.config.toml`), content: settings.profileConfig }]
          : []),
        ...(settings.allowForcedRemoval
          ? [{ path: posix.join(home, 'rules', 'agent-jobs.rules'), content: removalRule }]
          : []),
        ...start.files,
      ],
      notes: [`Sessions in: ${places.sessions}`, ...notes],
      warnings:
        settings.dangerouslyBypassApprovalsAndSandbox && settings.dangerouslyBypassSandbox
          ? warnings
          : [
              ...warnings,
              "Codex's own sandbox is on. It needs user namespaces: where pods have none, every command fails and the run still succeeds.",
            ],
    }
  },
  createParser: createRunParser,
  isReport: isReportLine,
  errorNames: { empty_response: 'llm_api_error' },
  ownErrors: codexErrors,
  retryAt: (summary) => summary.retryNotBeforeMs,
  billing: (env, _summary, settings) => codexBilling(env, settings),
  cost({ summary, settings, billing }) {
    const model = summary.model ?? settings.model
    const isOwnTokens = summary.usageBasis === 'per_run'
    if (model === undefined || !isOwnTokens || billing.billingType !== 'metered_api' || billing.biller !== 'openai') {
      return { costSource: 'unknown', costUsd: null }
    }
    return listedCost(`openai/${model}`, { usage: summary.usage, largestRequest: summary.largestRequest })
  },
}

function hasKey(authJson: Record<string, unknown>): boolean {
  return typeof authJson['OPENAI_API_KEY'] === 'string' && authJson['OPENAI_API_KEY'] !== ''
}
