import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { asString, parseObject } from '@paperclipai/adapter-utils/server-utils'

function firstText(...values: unknown[]): string | null {
  for (const value of values) {
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return null
}

/** The workspace that Paperclip prepared for a run. */
export interface RunWorkspace {
  cwd: string | null
  source: string | null
  strategy: string | null
  id: string | null
  repoUrl: string | null
  repoRef: string | null
  branch: string | null
  worktreePath: string | null
  agentHome: string | null
  hints: Record<string, unknown>[]
}

/** The parts of Paperclip's context that the flow needs, read once and typed. */
export interface RunContext {
  runId: string
  agentId: string
  agentName: string
  companyId: string
  /** What identifies the task across runs: the task session's key, else the issue. */
  taskId: string | null
  issueId: string | null
  workspace: RunWorkspace
  conversationMode: boolean
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Keeps only the objects of a list. */
export function objectsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Reads Paperclip's loosely typed context. */
export function readRunContext(ctx: AdapterExecutionContext): RunContext {
  const { context } = ctx
  const workspace = parseObject(context['paperclipWorkspace'])
  const issueId = firstText(context['issueId'])
  return {
    runId: ctx.runId,
    agentId: ctx.agent.id,
    agentName: ctx.agent.name,
    companyId: ctx.agent.companyId,
    taskId: firstText(context['taskId'], issueId, ctx.runtime.taskKey),
    issueId,
    workspace: {
      cwd: firstText(workspace['cwd']),
      source: firstText(workspace['source']),
      strategy: firstText(workspace['strategy']),
      id: firstText(workspace['workspaceId']),
      repoUrl: firstText(workspace['repoUrl']),
      repoRef: firstText(workspace['repoRef']),
      branch: firstText(workspace['branchName']),
      worktreePath: firstText(workspace['worktreePath']),
      agentHome: firstText(workspace['agentHome']),
      hints: objectsOf(context['paperclipWorkspaces']),
    },
    conversationMode: context['conversationMode'] === true,
  }
}

/** Where the repositories of the run's worktrees are, from Paperclip's variables for the agent. */
export function gitRoots(env: Record<string, unknown> | undefined): string[] {
  const said = env?.['PAPERCLIP_GIT_METADATA_ROOTS']
  if (typeof said !== 'string') return []
  try {
    const roots: unknown = JSON.parse(said)
    return Array.isArray(roots) ? roots.filter((root) => typeof root === 'string') : []
  } catch (error) {
    // The user's own text under Paperclip's name, not a folder.
    if (error instanceof SyntaxError) return []
    throw error
  }
}

/** Chooses where the agent works: the task's workspace, the configured directory, else the data volume. */
export function workingDirectory(run: RunContext, configured: string | undefined, dataMountPath: string): string {
  // Paperclip hands out the agent's home when a task has no workspace; a directory that the user names goes before that.
  if (run.workspace.source === 'agent_home' && configured !== undefined) return configured
  return run.workspace.cwd ?? configured ?? dataMountPath
}

/** The wake's variables, set only when they have a value. */
export function wakeVariables(context: Record<string, unknown>): Record<string, string> {
  const issueIds = Array.isArray(context['issueIds']) ? context['issueIds'] : []
  const found: Record<string, string | null> = {
    PAPERCLIP_TASK_ID: firstText(context['taskId'], context['issueId']),
    PAPERCLIP_WAKE_REASON: firstText(context['wakeReason']),
    PAPERCLIP_WAKE_COMMENT_ID: firstText(context['wakeCommentId'], context['commentId']),
    PAPERCLIP_APPROVAL_ID: firstText(context['approvalId']),
    PAPERCLIP_APPROVAL_STATUS: firstText(context['approvalStatus']),
    PAPERCLIP_LINKED_ISSUE_IDS: firstText(issueIds.filter((id) => asString(id, '').trim() !== '').join(',')),
    PAPERCLIP_RUNTIME_PRIMARY_URL: firstText(context['paperclipRuntimePrimaryUrl']),
  }
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null))
}
