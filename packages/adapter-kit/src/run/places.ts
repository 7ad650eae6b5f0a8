import { posix } from 'node:path'
import { AdapterError } from '../adapter-error.ts'
import type { CommonSettings } from '../agent/agent-definition.ts'
import type { Isolation } from './isolation.ts'
import { workingDirectory, type RunContext } from './run-context.ts'

/** Where a run keeps what, by the paths that its pod sees. */
export interface RunPlaces {
  dataMountPath: string
  /** Root of Paperclip's instance on the data volume. */
  instanceRoot: string
  home: string
  cwd: string
  /** What belongs to this agent alone. */
  stateDirectory: string
  /** What belongs to this run alone and holds secrets: in the pod, never on the volume. */
  runDirectory: string
  /** Null without a data volume. */
  journalPath: string | null
  /** The run's Paperclip tokens, for the launcher alone; null without a data volume. */
  tokenPath: string | null
  /** Skills and instructions of this company; null without a data volume. */
  bundleRoot: string | null
}

/** Refuses an id that could lead a path out of its folder. */
function pathComponent(id: string, what: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(id)) {
    throw new AdapterError(
      'invalid_identity',
      `Invalid ${what} for a path: ${JSON.stringify(id.slice(0, 80))}. Expected letters, digits, "-" and "_".`,
    )
  }
  return id
}

// Every user may write here, and it goes with the pod.
const podScratch = '/tmp'

/** Decides all paths of a run. */
export function runPlaces(input: {
  run: RunContext
  settings: CommonSettings
  isolation: Isolation
  hasVolume: boolean
  dataMountPath: string
  env: Readonly<Record<string, string | undefined>>
  bundleFolder: string
}): RunPlaces {
  const { run, settings, isolation, hasVolume, dataMountPath, env, bundleFolder } = input
  const company = pathComponent(run.companyId, 'company id')
  const agent = pathComponent(run.agentId, 'agent id')
  const runId = pathComponent(run.runId, 'run id')
  const instance = pathComponent(env['PAPERCLIP_INSTANCE_ID']?.trim() || 'default', 'instance id')
  const instanceRoot = posix.join(dataMountPath, 'instances', instance)
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
    }
  }
  const home = isolation.homeRoot ?? dataMountPath
  const stateDirectory =
    isolation.homeRoot === null
      ? posix.join(instanceRoot, 'data', 'agent-jobs', company, agent)
      : posix.join(isolation.homeRoot, '.agent-jobs')
  return {
    dataMountPath,
    instanceRoot,
    home,
    cwd: isolation.workspaceRoot ?? workingDirectory(run, settings.cwd, dataMountPath),
    stateDirectory,
    runDirectory,
    journalPath: posix.join(instanceRoot, 'data', 'agent-jobs', company, agent, 'journal', `${runId}.aj1`),
    tokenPath: posix.join(instanceRoot, 'data', 'agent-jobs', company, agent, 'tokens', `${runId}.json`),
    bundleRoot: posix.join(instanceRoot, 'companies', company, bundleFolder),
  }
}
