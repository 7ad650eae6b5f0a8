import { createRedactor, errorMessage } from '@agent-jobs/primitives'
import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionContext, AdapterInvocationMeta } from '@paperclipai/adapter-utils'
import { posix } from 'node:path'
import type { z } from 'zod'
import type {
  AgentVolumeClaim,
  AgentDefinition,
  AgentFile,
  CommonSettings,
  PrepareInput,
  VolumeView,
} from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { podGit, type PodGit } from '../git/pod-git.ts'
import { assemblePrompt } from '../prompt/assemble-prompt.ts'
import { prepareBundle, type PreparedBundle } from '../prompt/prepare-bundle.ts'
import { earlierHomeNote } from '../session/earlier-home.ts'
import { copyEarlierSession } from '../session/copy-earlier-session.ts'
import type { SharedVolume } from '../volume/volume-view.ts'
import { decideResume, type ResumeDecision } from '../session/decide-resume.ts'
import { agentEnv, type AgentEnv } from '../pod/agent-env.ts'
import { buildRequest } from '../pod/build-request.ts'
import { invocationRecord } from './invocation-record.ts'
import { isCredential } from '../pod/env-policy.ts'
import { isolationVariables } from './isolation.ts'
import { jobName } from '../pod/job-name.ts'
import { joinMcpServers, mcpIdentity } from '../paperclip-api/mcp-servers.ts'
import type { PaperclipProxy } from '../paperclip-api/paperclip-proxy.ts'
import type { RunPlan } from './plan-run.ts'
import { podFolders } from '../volume/pod-folders.ts'
import type { RunContext } from './run-context.ts'
import { runtimeToolsVariables } from '../paperclip-api/runtime-tools.ts'
import { secretTexts } from './secret-texts.ts'

/** A run that is ready to be submitted. */
export interface PreparedRun {
  request: RunRequest
  /** Volumes that must exist before the Job. */
  volumeClaims: readonly AgentVolumeClaim[]
  resume: ResumeDecision
  bundle: PreparedBundle
  mcpServerIdentity: string | null
  meta: AdapterInvocationMeta
  /** What users should know and need not change. */
  notes: string[]
  warnings: string[]
  /** Values that must not appear in the run's log. */
  secrets: string[]
}

async function resumeDecision<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  plan: RunPlan<z.output<Schema>>,
): Promise<{ resume: ResumeDecision; notes: string[] }> {
  const { settings, places, volume } = plan
  const offered = plan.offeredSession
  const usable = offered !== null && settings.resumeLastSession && definition.isSessionId(offered.sessionId)
  const input = {
    sessionId: offered?.sessionId ?? '',
    taskId: plan.run.taskId,
    cwd: places.cwd,
    volumeRoot: places.dataMountPath,
    home: places.home,
    companyHome: places.companyHome,
    stateDirectory: places.stateDirectory,
    isolation: plan.isolation,
    settings,
    env: plan.visibleEnv,
    volume,
  }
  let files = usable ? await definition.findSession(input) : 'unknown'
  const earlier = files === 'absent' ? await definition.earlierSession?.(input) : null
  const notes: string[] = []
  if (earlier && (await copyFromEarlierHome(volume, earlier))) {
    files = 'present'
    notes.push(`Session ${input.sessionId} of an earlier adapter was copied from ${posix.dirname(earlier.from)}`)
  }
  const resume = decideResume({
    offered,
    enabled: settings.resumeLastSession,
    cwd: places.cwd,
    boundToDirectory: definition.sessionBoundToDirectory,
    isSessionId: (id) => definition.isSessionId(id),
    files: places.journalPath === null && usable ? 'absent' : files,
    label: definition.title,
  })
  return { resume, notes }
}

async function copyFromEarlierHome(volume: SharedVolume, { from, to }: { from: string; to: string }): Promise<boolean> {
  const [source, target] = [volume.place(from), volume.place(to)]
  return source !== null && target !== null && (await copyEarlierSession({ from: source, to: target }))
}

/** The MCP servers of all agents; an error when they exist but cannot be read. */
async function baselineServers(volume: VolumeView, root: string): Promise<string | Error | null> {
  try {
    return await volume.text(posix.join(root, '.mcp.json'))
  } catch (error) {
    return new Error(errorMessage(error))
  }
}

/** What the start of a run adds to its plan. */
export interface StartInput {
  /** Null when the agent has its token itself. */
  proxy: PaperclipProxy | null
  /** Folders outside of Paperclip's that were given to a company; see `ProcessState`. */
  granted: Map<string, string>
  /** Variables with which the agent continues the trace of its run. */
  telemetry: Readonly<Record<string, string>>
  /** For the Job's annotation; null when the run is not traced. */
  traceRecord: string | null
}

/** Turns a plan into the request of a Job, with prompt, files, environment and command line. */
export async function prepareStart<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  plan: RunPlan<z.output<Schema>>,
  ctx: AdapterExecutionContext,
  { proxy, granted, telemetry, traceRecord }: StartInput,
): Promise<PreparedRun> {
  const { settings, run, places, volume, inheritance } = plan
  const { resume, notes } = await resumeDecision(definition, plan)
  const resumed = resume.kind === 'resume' ? resume.sessionId : null
  const earlierHome = await earlierHomeNote({
    volume,
    root: places.dataMountPath,
    home: places.home,
    stateDirectory: places.stateDirectory,
  })
  const bundle = await prepareBundle({ ctx, settings, volume, places })
  const mcp = joinMcpServers({
    baseline: await baselineServers(volume, places.dataMountPath),
    configured: settings.mcpServers,
    runtime: ctx.runtimeMcp?.getServers() ?? [],
    apiUrl: plan.apiUrl,
    proxiedToken: proxy === null ? null : (ctx.authToken ?? null),
  })
  const prepared = await definition.prepare({
    ...prepareInput(plan, ctx),
    resume: resumed,
    bundle: { directory: bundle.directory, instructionsFile: bundle.instructionsFile },
    mcpServers: mcp.servers,
  })
  const git = gitOf(plan, proxy)
  const scratch = posix.join(places.runDirectory, 'scratch')
  const env = agentEnv({
    ...envInput(definition, plan, ctx),
    forced: { HOME: places.home, ...isolationVariables(plan.isolation), ...prepared.env },
    scratch,
    git: git.variables,
    proxied: proxy !== null,
    telemetry,
  })
  const { prompt, metrics } = assemblePrompt({
    ctx,
    promptTemplate: settings.promptTemplate,
    bootstrapPromptTemplate: settings.bootstrapPromptTemplate,
    resumed: resumed !== null,
    lead: prepared.lead ?? [],
  })
  const scope = await podFolders(plan, prepared.volumeFolders ?? [], granted)
  const name = jobName(definition.jobNamePrefix, run.agentId, run.runId)
  const built = buildRequest({
    identity: {
      adapterType: definition.type,
      agentId: run.agentId,
      agentName: run.agentName,
      runId: run.runId,
      companyId: run.companyId,
      taskId: run.taskId,
      sessionId: resumed,
      isolation: plan.isolation,
      promptBundleKey: bundle.key,
      traceRecord,
    },
    key: plan.key,
    jobName: name,
    containerName: definition.containerName,
    settings,
    inheritance,
    namespace: plan.namespace,
    podUser: plan.podUser,
    references: plan.references,
    env,
    argv: prepared.argv,
    cwd: places.cwd,
    stdin: prompt,
    files: [...bundle.files, ...prepared.files, ...git.files, ...scratchFolder(scratch, env)],
    prependPath: git.prependPath,
    volumeClaims: prepared.volumeClaims ?? [],
    dataMountPath: places.dataMountPath,
    folders: scope?.folders ?? null,
    identities: scope?.identities ?? [],
    journalPath: places.journalPath,
    finishRule: definition.finish,
    proxy: proxy?.spec ?? null,
  })
  const secrets = [
    ...plan.secrets,
    ...secretTexts(mcp.servers),
    ...Object.entries(env.secret).flatMap(([key, value]) => (isCredential(key, value) ? [value] : [])),
    ...(ctx.authToken ? [ctx.authToken] : []),
  ]
  return {
    request: built.request,
    volumeClaims: prepared.volumeClaims ?? [],
    resume,
    notes: earlierHome === null ? notes : [...notes, earlierHome],
    bundle,
    mcpServerIdentity: mcpIdentity(mcp.servers),
    meta: invocationRecord(definition, plan, {
      ctx,
      jobName: name,
      image: built.request.image,
      bundle,
      mcpNames: Object.keys(mcp.servers),
      proxied: proxy !== null,
      prepared,
      env,
      prompt: { prompt, promptMetrics: metrics },
      redact: createRedactor({ secrets, resolved: plan.resolvedSecrets }).text,
    }),
    warnings: [
      ...(scope?.warnings ?? []),
      ...mcp.warnings,
      ...bundle.warnings,
      ...prepared.warnings,
      ...built.warnings,
    ],
    secrets,
  }
}

/** What an agent is prepared from, as far as the plan knows it. */
function prepareInput<Settings extends CommonSettings>(
  plan: RunPlan<Settings>,
  ctx: AdapterExecutionContext,
): Omit<PrepareInput<Settings>, 'resume' | 'bundle' | 'mcpServers'> {
  const { places } = plan
  return {
    ctx,
    run: plan.run,
    settings: plan.settings,
    volumeRoot: places.dataMountPath,
    home: places.home,
    companyHome: places.companyHome,
    cwd: places.cwd,
    stateDirectory: places.stateDirectory,
    runDirectory: places.runDirectory,
    isolation: plan.isolation,
    env: plan.visibleEnv,
    volume: plan.volume,
  }
}

/** What the agent's variables are made of, as far as the plan knows it. */
function envInput(
  { runtimeToolDelivery: delivery }: Pick<AgentDefinition, 'runtimeToolDelivery'>,
  { settings, run, places, inheritance, apiUrl }: RunPlan,
  ctx: AdapterExecutionContext,
): Pick<
  Parameters<typeof agentEnv>[0],
  'ctx' | 'run' | 'inherited' | 'configured' | 'cwd' | 'agentHome' | 'runtimeTools' | 'apiUrl'
> {
  return {
    ctx,
    run,
    inherited: inheritance?.env ?? { plain: {}, sensitive: {} },
    configured: settings.env,
    cwd: places.cwd,
    agentHome: agentHome(settings, run),
    runtimeTools: runtimeToolsVariables(ctx.runtimeTools, { delivery, apiUrl }),
    apiUrl,
  }
}

/** Where the agent's own files are: a bundle of instructions outside of Paperclip's folders brings them along. */
function agentHome({ instructionsBundleMode, instructionsRootPath }: CommonSettings, run: RunContext): string | null {
  return instructionsBundleMode === 'external' && instructionsRootPath !== undefined
    ? instructionsRootPath
    : run.workspace.agentHome
}

function gitOf({ githubCapability: capability, places, run }: RunPlan, proxy: PaperclipProxy | null): PodGit {
  return podGit({
    directory: posix.join(places.runDirectory, 'git'),
    agent: { id: run.agentId, name: run.agentName },
    github: capability === null ? null : proxy === null ? { by: 'agent', capability } : { by: 'proxy' },
  })
}

/** A file that makes the folder exist when the agent learns its path. */
function scratchFolder(scratch: string, { plain, secret }: AgentEnv): AgentFile[] {
  const told = [plain, secret].some((variables) => variables['PAPERCLIP_SCRATCH_DIR'] === scratch)
  return told ? [{ path: posix.join(scratch, '.keep'), content: '' }] : []
}
