import { isSensitive, isWithin } from '@agent-jobs/primitives'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import {
  buildPaperclipEnv,
  readPaperclipIssueWorkModeFromContext,
  refreshPaperclipWorkspaceEnvForExecution,
  stringifyPaperclipWakePayload,
} from '@paperclipai/adapter-utils/server-utils'
import { AdapterError } from '../adapter-error.ts'
import { isPlain } from './env-policy.ts'
import type { InheritedEnv } from './inherit-from-pod.ts'
import { describe } from '../settings/loose-text.ts'
import { shedOversized, type ShedVariable } from './env-shedding.ts'
import { leaveOutHostGit } from '../git/host-git.ts'
import { objectsOf, wakeVariables, type RunContext } from '../plan/run-context.ts'

/** The agent's environment, ready for a run: what may be part of the Job, and what goes to the run's Secret. */
export interface AgentEnv {
  plain: Record<string, string>
  secret: Record<string, string>
  shed: ShedVariable[]
}

/** Everything that contributes to the agent's environment. */
export interface AgentEnvInput {
  ctx: AdapterExecutionContext
  run: RunContext
  inherited: Pick<InheritedEnv, 'plain' | 'sensitive'>
  configured: Record<string, unknown> | undefined
  /** The agent's own variables (home of its state, provider switches); they win over everything. */
  forced: Record<string, string>
  cwd: string
  agentHome: string | null
  /** Folder in the pod for files that are removed with the run. */
  scratch: string
  /** Paperclip's own tools. */
  runtimeTools: Record<string, string>
  apiUrl: string | null
  /** For `git` and `gh`; the user's own take precedence. */
  git?: Record<string, string> | undefined
  /** The launcher gives the agent the address and password of its own proxy, not the token. */
  proxied?: boolean
  /** Variables with which the agent continues the trace of its run; the user's own take precedence. */
  telemetry?: Readonly<Record<string, string>>
}

// POSIX names only: the Secret becomes environment by envFrom, which silently skips other names.
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

// Identity and paths; everyone who may read the Job may see these.
const publicNames = new Set([
  'PAPERCLIP_AGENT_ID',
  'PAPERCLIP_COMPANY_ID',
  'PAPERCLIP_RUN_ID',
  'PAPERCLIP_TASK_ID',
  'PAPERCLIP_API_URL',
  'PAPERCLIP_WAKE_REASON',
  'PAPERCLIP_ISSUE_WORK_MODE',
  'PAPERCLIP_WORKSPACE_CWD',
  'PAPERCLIP_WORKSPACE_ID',
  'PAPERCLIP_WORKSPACE_SOURCE',
  'PAPERCLIP_WORKSPACE_STRATEGY',
  'AGENT_HOME',
  'HOME',
])

/** The user's variables as texts; anything else is refused by name, never dropped silently. */
export function configuredVariables(configured: Record<string, unknown> | undefined): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(configured ?? {})) {
    if (!variableName.test(name)) {
      throw new AdapterError(
        'invalid_config',
        `"env": "${name}" is not a valid environment variable name. Rename it in the agent's settings.`,
      )
    }
    if (value === null || value === undefined) continue
    if (typeof value === 'object') {
      throw new AdapterError(
        'invalid_config',
        `"env": the value of ${name} is ${describe(value)}, expected a text. A secret reference must be resolved by Paperclip before the run; select the secret again in the agent's settings.`,
      )
    }
    variables[name] = String(value)
  }
  return variables
}

const scratchName = /^PAPERCLIP_(?:(?:RUN_|TASK_)?SCRATCH_DIR|TMPDIR)$/
const hostPath = /^(?:TMPDIR|TMP|TEMP|GH_CONFIG_DIR)$/

/**
 * Paperclip prepares folders on the server's disk; only what lies on the shared volume exists in the pod. Its prompt tells
 * agents to use the folder for scratch files, so that one becomes a folder in the pod.
 */
function placeInPod(variables: Record<string, string>, input: { home: string; scratch: string; kept: object }): void {
  for (const [name, value] of Object.entries(variables)) {
    if (isWithin(input.home, value) || name in input.kept) continue
    if (scratchName.test(name)) variables[name] = input.scratch
    else if (hostPath.test(name)) delete variables[name]
  }
}

// Requests to the pod's own loopback would go to a company's proxy.
function exemptLoopback(variables: Record<string, string>): void {
  if (!Object.keys(variables).some((name) => /^(?:https?|all)_proxy$/i.test(name))) return
  const { NO_PROXY: upper, no_proxy: lower } = variables
  // Programs read one, the other, or both: a value set in only one must apply to all.
  for (const [name, value] of [
    ['NO_PROXY', upper ?? lower],
    ['no_proxy', lower ?? upper],
  ] as const) {
    const known = (value ?? '').split(',').filter((host) => host.trim() !== '')
    variables[name] = known.includes('*') ? '*' : [...new Set([...known, '127.0.0.1'])].join(',')
  }
}

/** Layers the environment: inherited < Paperclip's own < configured < forced. */
export function agentEnv(input: AgentEnvInput): AgentEnv {
  const { ctx, run, inherited, forced, cwd } = input
  const context = ctx.context
  const base: Record<string, string> = {
    ...buildPaperclipEnv(ctx.agent),
    PAPERCLIP_RUN_ID: run.runId,
    ...input.telemetry,
    ...input.runtimeTools,
    ...wakeVariables(context),
  }
  const configured = configuredVariables(input.configured)
  const apiUrl = input.apiUrl ?? configured['PAPERCLIP_API_URL']
  if (apiUrl !== undefined) base['PAPERCLIP_API_URL'] = apiUrl

  const optional: Record<string, string | null> = {
    PAPERCLIP_ISSUE_WORK_MODE: readPaperclipIssueWorkModeFromContext(context),
    PAPERCLIP_WAKE_PAYLOAD_JSON: stringifyPaperclipWakePayload(context['paperclipWake']),
  }
  for (const [name, list] of [
    ['PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON', objectsOf(context['paperclipRuntimeServiceIntents'])],
    ['PAPERCLIP_RUNTIME_SERVICES_JSON', objectsOf(context['paperclipRuntimeServices'])],
  ] as const) {
    optional[name] = list.length > 0 ? JSON.stringify(list) : null
  }
  for (const [name, value] of Object.entries(optional)) if (value) base[name] = value

  const { workspace } = run
  refreshPaperclipWorkspaceEnvForExecution({
    env: base,
    envConfig: configured,
    workspaceCwd: workspace.cwd,
    workspaceSource: workspace.source,
    workspaceStrategy: workspace.strategy,
    workspaceId: workspace.id,
    workspaceRepoUrl: workspace.repoUrl,
    workspaceRepoRef: workspace.repoRef,
    workspaceBranch: workspace.branch,
    workspaceWorktreePath: workspace.worktreePath,
    workspaceHints: workspace.hints,
    agentHome: input.agentHome,
    // The volume is mounted at the same path in server and pod, so paths need no rewriting.
    executionTargetIsRemote: false,
    executionCwd: cwd,
  })
  if (ctx.authToken && input.proxied !== true) base['PAPERCLIP_API_KEY'] = ctx.authToken

  const home = forced['HOME'] ?? '/paperclip'
  const all: Record<string, string> = {
    ...inherited.plain,
    ...inherited.sensitive,
    ...base,
    ...forced,
  }
  if (input.proxied === true) {
    delete all['PAPERCLIP_API_KEY']
    exemptLoopback(all)
  }
  leaveOutHostGit(all)
  placeInPod(all, { home, scratch: input.scratch, kept: forced })
  for (const [name, value] of Object.entries(input.git ?? {})) all[name] ??= value
  const { env, shed } = shedOversized(all)

  const result: AgentEnv = { plain: {}, secret: {}, shed }
  for (const [name, value] of Object.entries(env)) {
    const isOpen = publicNames.has(name) ? !isSensitive('', value) : !(name in configured) && isPlain(name, value)
    ;(isOpen ? result.plain : result.secret)[name] = value
  }
  return result
}
