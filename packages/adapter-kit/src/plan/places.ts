import { isWithin } from '@agent-jobs/primitives'
import { posix } from 'node:path'
import { AdapterError } from '../adapter-error.ts'
import type { CommonSettings } from '../agent/agent-definition.ts'
import { isolationRoots, type Isolation } from './isolation.ts'
import { gitRoots, workingDirectory, type RunContext } from './run-context.ts'
import type { ScopeRequest } from '../volume/volume-scope.ts'

/** Where a run keeps its files, as paths in its pod. */
export interface RunPlaces {
  dataMountPath: string
  /** Root of Paperclip's instance on the data volume. */
  instanceRoot: string
  home: string
  cwd: string
  /** Files of this agent alone. */
  stateDirectory: string
  /** Files of this run alone, with secrets: in the pod, never on the volume. */
  runDirectory: string
  /** Null without a data volume. */
  journalPath: string | null
  /** The run's Paperclip tokens, for the launcher alone; null without a data volume. */
  tokenPath: string | null
  /** Skills and instructions of this company; null without a data volume. */
  bundleRoot: string | null
  /** Home of the company's shared files, such as a login that all of its agents use. */
  companyHome: string
  /** Decides which folders of the data volume the pod gets; null for all of it, or without one. */
  scope: ScopeRequest | null
}

/** The folder that a probe pod gets of the data volume: its own company's only. */
export function probeFolderOf(instanceRoot: string, companyId: string): string {
  return posix.join(instanceRoot, 'data', 'agent-jobs', pathComponent(companyId, 'company id'), 'probe')
}

/** Refuses an id that could make a path leave its folder. */
function pathComponent(id: string, what: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(id)) {
    throw new AdapterError(
      'invalid_identity',
      `Invalid ${what} for a path: ${JSON.stringify(id.slice(0, 80))}. Expected letters, digits, "-" and "_".`,
    )
  }
  return id
}

// Next to the folders of agents, in their company's folder.
const sharedNames: ReadonlySet<string> = new Set(['home', 'probe'])

// Every user may write here, and it is removed with the pod.
const podScratch = '/tmp'

/** Decides all paths of a run. */
export function runPlaces(input: {
  run: RunContext
  settings: CommonSettings
  isolation: Isolation
  hasVolume: boolean
  /** The pod gets folders of the volume instead of all of it. */
  scoped: boolean
  dataMountPath: string
  env: Readonly<Record<string, string | undefined>>
  bundleFolder: string
  /** Folders outside of Paperclip's that the operator allows. */
  allowedFolders: readonly string[]
  /** Folders outside of Paperclip's that pods may write, with their companies. */
  grantedFolders: ReadonlyMap<string, string>
}): RunPlaces {
  const { run, settings, isolation, hasVolume, scoped, dataMountPath, env, bundleFolder } = input
  const company = pathComponent(run.companyId, 'company id')
  const agent = pathComponent(run.agentId, 'agent id')
  if (sharedNames.has(agent)) pathComponent(`${agent}/`, 'agent id')
  const runId = pathComponent(run.runId, 'run id')
  const instanceRoot = instanceRootOf(env, dataMountPath)
  const runDirectory = posix.join(podScratch, `agent-run-${runId}`)
  if (!hasVolume) {
    const home = posix.join(podScratch, 'agent-home')
    return {
      dataMountPath,
      instanceRoot,
      home,
      cwd: settings.cwd ?? home,
      stateDirectory: posix.join(home, '.state'),
      runDirectory,
      journalPath: null,
      tokenPath: null,
      bundleRoot: null,
      companyHome: home,
      scope: null,
    }
  }
  const companyHome = posix.join(instanceRoot, 'data', 'agent-jobs', company, 'home')
  const agentFolder = posix.join(instanceRoot, 'data', 'agent-jobs', company, agent)
  const home = isolation.homeRoot ?? (scoped ? posix.join(agentFolder, 'home') : dataMountPath)
  const stateDirectory =
    isolation.sessionRoot ?? (isolation.homeRoot === null ? agentFolder : posix.join(isolation.homeRoot, '.agent-jobs'))
  const asked = isolation.workspaceRoot ?? workingDirectory(run, settings.cwd, home)
  // The volume's root cannot be the working directory when only some of its folders are mounted.
  const cwd = scoped && asked === dataMountPath ? home : asked
  const bundleRoot = posix.join(instanceRoot, 'companies', company, bundleFolder)
  const { workspace } = run
  const agentInstructions = posix.join(instanceRoot, 'companies', company, 'agents', agent)
  const root = settings.instructionsBundleMode === 'external' ? settings.instructionsRootPath : undefined
  // An external bundle is the agent's home: the agent writes its memory there.
  const ownInstructions = root !== undefined && isWithin(agentInstructions, root) ? root : null
  const isTaskFolder = cwd === workspace.cwd
  const scope: ScopeRequest | null = scoped
    ? {
        root: dataMountPath,
        instanceRoot,
        company,
        agent,
        own: [agentFolder],
        // Instructions reach the agent as a bundle; their source is for the server and for people to change.
        readOnly: [bundleRoot, agentInstructions],
        trusted: [
          workspace.agentHome,
          workspace.cwd,
          workspace.worktreePath,
          ...workspace.hints.map(({ cwd: path }) => (typeof path === 'string' ? path : null)),
          ownInstructions,
        ],
        asked: [
          ...(isTaskFolder ? [] : [cwd]),
          home,
          ...gitRoots(settings.env),
          ...isolationRoots(isolation),
          settings.instructionsRootPath ?? null,
          settings.instructionsFilePath === undefined ? null : posix.dirname(settings.instructionsFilePath),
          ...settings.volumeFolders,
        ],
        allowed: input.allowedFolders,
        granted: input.grantedFolders,
      }
    : null
  return {
    dataMountPath,
    instanceRoot,
    home,
    cwd,
    stateDirectory,
    runDirectory,
    journalPath: posix.join(agentFolder, 'journal', `${runId}.aj1`),
    tokenPath: posix.join(agentFolder, 'tokens', `${runId}.json`),
    bundleRoot,
    companyHome,
    scope,
  }
}

/** Root of Paperclip's instance on the data volume. */
export function instanceRootOf(env: Readonly<Record<string, string | undefined>>, dataMountPath: string): string {
  const instance = pathComponent(env['PAPERCLIP_INSTANCE_ID']?.trim() || 'default', 'instance id')
  return posix.join(serverHome(env, dataMountPath), 'instances', instance)
}

/** Paperclip's home on the volume. */
function serverHome(env: Readonly<Record<string, string | undefined>>, dataMountPath: string): string {
  const { PAPERCLIP_HOME: own, HOME: user } = env
  const home = own?.trim() || (user?.trim() ? posix.join(user.trim(), '.paperclip') : '')
  return home === dataMountPath || home.startsWith(`${dataMountPath}/`) ? home.replace(/\/+$/, '') : dataMountPath
}
