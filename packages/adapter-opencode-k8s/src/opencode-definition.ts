import { posix } from 'node:path'
import { AdapterError, dedicatedClaimPermissions, type AgentDefinition } from '@agent-jobs/adapter-kit'
import { createOpencodeParser, finishRule, type OpencodeSummary } from '@agent-jobs/opencode-stream-parser'
import { configurationDoc } from './configuration-doc.ts'
import { opencodeArguments } from './opencode-arguments.ts'
import { opencodeBilling } from './opencode-billing.ts'
import { opencodeConfig } from './opencode-config.ts'
import { readModel } from './opencode-model.ts'
import { opencodeModels } from './opencode-models.ts'
import { opencodeSchema } from './opencode-settings.ts'
import { chooseDatabase, databaseClaim, databaseFolder, findDatabase } from './session-store.ts'

/** What is particular to OpenCode. */
export const opencodeDefinition: AgentDefinition<typeof opencodeSchema, OpencodeSummary> = {
  type: 'opencode_k8s',
  label: 'OpenCode',
  conversationType: 'opencode_local',
  jobNamePrefix: 'agent-opencode',
  containerName: 'opencode',
  bundleFolder: 'opencode-prompt-cache',
  schema: opencodeSchema,
  runtimeToolDelivery: 'environment',
  documentation: configurationDoc,
  models: opencodeModels,
  executable: (settings) => settings.agentCommand,
  needsBash: false,
  extraPermissions: ({ agentDbMode }) => (agentDbMode === 'dedicated_pvc' ? dedicatedClaimPermissions : []),
  isSessionId: (id) => /^ses_[A-Za-z0-9]+$/.test(id),
  // Continued from another directory it calls the model and never ends.
  sessionBoundToDirectory: true,
  findSession: ({ settings, stateDirectory, taskId, volume }) =>
    findDatabase(volume, databaseFolder({ settings, stateDirectory, taskId })),
  async prepare(input) {
    const { settings, run, bundle, mcpServers, runDirectory, stateDirectory, volume } = input
    const model = readModel(settings.model)
    if (!model.ok) throw new AdapterError('invalid_config', `The agent's ${model.error}.`)
    const folder = databaseFolder({ settings, stateDirectory, taskId: run.taskId }) ?? posix.join(runDirectory, 'db')
    const database = await chooseDatabase(volume, folder)
    const configFile = posix.join(runDirectory, 'opencode.json')
    // A login that Paperclip keeps stays in the pod; the data volume is every agent's.
    const dataHome = posix.join(runDirectory, 'data')
    const { config, warnings } = opencodeConfig({
      settings,
      provider: model.provider,
      mcpServers,
      skillsDirectory: bundle.directory === null ? null : posix.join(bundle.directory, '.claude', 'skills'),
      instructionsFile: bundle.instructionsFile,
    })
    const servers = Object.keys(mcpServers)
    return {
      argv: opencodeArguments({
        settings: { ...settings, model: model.model ?? undefined },
        resume: input.resume,
        cwd: input.cwd,
      }),
      env: {
        OPENCODE_CONFIG: configFile,
        OPENCODE_DB: database.file,
        // A project's own file could deny tools, start servers or choose another model.
        OPENCODE_DISABLE_PROJECT_CONFIG: 'true',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        ...(settings.authJson === undefined ? {} : { XDG_DATA_HOME: dataHome }),
      },
      claims: settings.agentDbMode === 'dedicated_pvc' ? [databaseClaim(run.agentId, settings)] : [],
      files: [
        { path: configFile, content: JSON.stringify(config) },
        ...(settings.authJson === undefined
          ? []
          : [{ path: posix.join(dataHome, 'opencode', 'auth.json'), content: JSON.stringify(settings.authJson) }]),
        // OpenCode makes the file, not the folder that it is to lie in.
        { path: posix.join(folder, '.keep'), content: '' },
      ],
      notes: [
        `Session database: ${database.file}`,
        ...(servers.length > 0 ? [`MCP servers: ${servers.join(', ')}`] : []),
        ...(bundle.instructionsFile === null ? [] : [`Instructions: ${bundle.instructionsFile}`]),
      ],
      warnings: [
        ...warnings,
        ...database.damaged.map((file) => `${file} is no SQLite database and is left aside; this task starts afresh.`),
      ],
    }
  },
  createParser: () => createOpencodeParser(),
  finishRule,
  errorNames: { empty_response: 'llm_api_error' },
  retryAt: () => null,
  billing: (env, _summary, settings) => {
    const model = readModel(settings.model)
    return opencodeBilling(env, model.ok ? model.provider : null)
  },
}
