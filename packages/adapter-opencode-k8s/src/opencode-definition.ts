import { posix } from 'node:path'
import { AdapterError, type AgentDefinition } from '@agent-jobs/adapter-kit'
import { dedicatedClaimPermissions } from '@agent-jobs/adapter-kit/permissions'
import { createOpencodeParser } from '@agent-jobs/opencode-stream-parser'
import { opencodeAgent } from './agent.ts'
import { configurationDoc } from './configuration-doc.ts'
import { databaseErrors, withDatabaseErrors, type OpencodeRunSummary } from './database-errors.ts'
import { opencodeArguments } from './opencode-arguments.ts'
import { opencodeBilling } from './opencode-billing.ts'
import { opencodeConfig } from './opencode-config.ts'
import { readModel } from './opencode-model.ts'
import { listOpencodeModels, opencodeModels } from './opencode-models.ts'
import { opencodeSchema } from './opencode-settings.ts'
import { runCost } from './run-cost.ts'
import { databaseVolumeClaim, databaseFolder, findDatabase } from './session-store.ts'
import { startInDatabase } from './start-program.ts'

/** What is particular to OpenCode. */
export const opencodeDefinition: AgentDefinition<typeof opencodeSchema, OpencodeRunSummary> = {
  ...opencodeAgent,
  type: 'opencode_k8s',
  conversationType: 'opencode_local',
  jobNamePrefix: 'agent-opencode',
  containerName: 'opencode',
  bundleFolder: 'opencode-prompt-cache',
  schema: opencodeSchema,
  runtimeToolDelivery: 'environment',
  documentation: configurationDoc,
  models: opencodeModels,
  listModels: listOpencodeModels,
  modelsInImage: true,
  executable: (settings) => settings.agentCommand,
  extraPermissions: ({ agentDbMode }) => (agentDbMode === 'dedicated_pvc' ? dedicatedClaimPermissions : []),
  isSessionId: (id) => /^ses_[A-Za-z0-9]+$/.test(id),
  // A session continued from another directory calls the model and never ends.
  sessionBoundToDirectory: true,
  findSession: ({ volume, ...where }) => findDatabase(volume, databaseFolder(where)),
  async prepare(input) {
    const { settings, run, bundle, mcpServers, runDirectory, stateDirectory, isolation } = input
    const model = readModel(settings.model)
    if (!model.ok) throw new AdapterError('invalid_config', `The agent's ${model.error}.`)
    const folder =
      databaseFolder({ settings, stateDirectory, taskId: run.taskId, isolation }) ?? posix.join(runDirectory, 'db')
    const configFile = posix.join(runDirectory, 'opencode.json')
    // A login that Paperclip keeps stays in the pod; the data volume is every agent's.
    const dataHome = posix.join(runDirectory, 'data')
    const { config, warnings } = opencodeConfig({
      settings,
      chosen: model,
      env: input.env,
      mcpServers,
      skillsDirectory: bundle.directory === null ? null : posix.join(bundle.directory, '.claude', 'skills'),
      instructionsFile: bundle.instructionsFile,
    })
    const start = startInDatabase({
      argv: opencodeArguments({
        settings: { ...settings, model: model.model ?? undefined },
        resume: input.resume,
        cwd: input.cwd,
      }),
      folder,
      resume: input.resume !== null,
      runDirectory,
    })
    return {
      argv: start.argv,
      env: {
        OPENCODE_CONFIG: configFile,
        // A project's own file could deny tools, start servers or choose another model.
        OPENCODE_DISABLE_PROJECT_CONFIG: 'true',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        ...(settings.authJson === undefined ? {} : { XDG_DATA_HOME: dataHome }),
      },
      volumeClaims: settings.agentDbMode === 'dedicated_pvc' ? [databaseVolumeClaim(run.agentId, settings)] : [],
      files: [
        { path: configFile, content: JSON.stringify(config) },
        ...(settings.authJson === undefined
          ? []
          : [{ path: posix.join(dataHome, 'opencode', 'auth.json'), content: JSON.stringify(settings.authJson) }]),
        start.file,
      ],
      notes: [`Session database in: ${folder}`],
      warnings,
    }
  },
  createParser: () => withDatabaseErrors(createOpencodeParser()),
  errorNames: { empty_response: 'llm_api_error' },
  retryAt: (summary) => summary.retryNotBeforeMs,
  ownErrors: {
    ...databaseErrors,
    // OpenCode compacts on its own; if that does not help, every run of the session would end the same way.
    context_overflow: {
      means:
        'The conversation is longer than the model can read, also after OpenCode compacted it; the session is cleared.',
      todo: 'Nothing to do: the next run starts a new session. Set `compactThreshold` to compact earlier.',
      clearsSession: true,
    },
  },
  billing: (env, _summary, settings) => opencodeBilling(env, settings),
  cost: runCost,
}
