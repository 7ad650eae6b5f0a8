import { readFile } from 'node:fs/promises'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'
import type { KubeConfig } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { resolveCluster } from '../cluster/resolve-cluster.ts'
import { closest } from '../input/closest.ts'
import { fileReason } from '../input/file-reason.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { findingLines } from './finding.ts'

// Each is a large file, so load only the one that is needed.
const loadKit = () => import('@agent-jobs/adapter-kit')
const adapters = {
  async claude(deps: AdapterDependencies) {
    const { createAdapter } = await loadKit()
    const { claudeDefinition } = await import('@agent-jobs/adapter-claude-k8s')
    return { adapter: createAdapter(claudeDefinition, deps), settings: Object.keys(claudeDefinition.schema.shape) }
  },
  async codex(deps: AdapterDependencies) {
    const { createAdapter } = await loadKit()
    const { codexDefinition } = await import('@agent-jobs/adapter-codex-k8s')
    return { adapter: createAdapter(codexDefinition, deps), settings: Object.keys(codexDefinition.schema.shape) }
  },
  async opencode(deps: AdapterDependencies) {
    const { createAdapter } = await loadKit()
    const { opencodeDefinition } = await import('@agent-jobs/adapter-opencode-k8s')
    return { adapter: createAdapter(opencodeDefinition, deps), settings: Object.keys(opencodeDefinition.schema.shape) }
  },
}

/** Runs the environment test of an adapter, as a Paperclip server would, and gives the exit code. */
export async function paperclipDoctor(
  { agent, image, config: file, json, namespace: wanted, kubeconfig, context }: DoctorOptions,
  terminal: Terminal,
): Promise<number> {
  const { kubeConfig, namespace } = resolveCluster(
    {
      ...(wanted === undefined ? {} : { namespace: wanted }),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    },
    terminal.env,
  )
  const deps = await dependencies(kubeConfig, terminal.env)
  const { adapter, settings } = await adapters[agent](deps)
  const config = file === undefined ? {} : await readConfig(file)
  const tested = await adapter.testEnvironment({
    companyId: 'agent-jobs-doctor',
    adapterType: adapter.type,
    config: {
      namespace,
      ...(image === undefined ? {} : { image, environmentProbe: true }),
      ...config,
      // The user's own kubeconfig, which may name files and programs.
      kubeconfig: undefined,
    },
  })
  await deps.clusters.close()
  const result = withUnknownSettings(tested, unknownSettings(config, settings))
  const code = result.status === 'fail' ? 1 : 0
  if (json) {
    terminal.out(jsonLine(result))
    return code
  }
  const style = createStyle(terminal.colours.out)
  for (const finding of result.checks) for (const line of findingLines(finding, style)) terminal.out(`${line}\n`)
  return code
}

/** The adapter's dependencies with the user's cluster in place of the server's own. */
async function dependencies(kubeConfig: KubeConfig, env: Terminal['env']): Promise<AdapterDependencies> {
  const { createClusterPool, systemDependencies } = await loadKit()
  return systemDependencies({ env, clusters: createClusterPool({ env, kubeConfig }) })
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config }
    throw new TypeError('it is not a JSON object')
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot read the configuration ${file}: ${fileReason(cause)}.`, { cause })
  }
}

type Tested = Awaited<ReturnType<Awaited<ReturnType<(typeof adapters)['claude']>>['adapter']['testEnvironment']>>

// Paperclip stores its own keys next to the settings of an adapter.
const ofPaperclip = /^(?:env|paperclip|promptTemplate|instructions|workspace|maxTurns|chrome)/

/** The keys of a configuration that no setting reads; nested ones by their path. */
function unknownSettings(
  config: Readonly<Record<string, unknown>>,
  settings: readonly string[],
): { key: string; near: string | undefined }[] {
  const known = (key: string): boolean => settings.some((each) => each === key || each.startsWith(`${key}.`))
  return Object.keys(config)
    .filter((key) => !known(key) && !ofPaperclip.test(key))
    .map((key) => ({ key, near: closest(key, settings) }))
}

/** An unknown setting has no effect, which is rarely what its author wants. */
function withUnknownSettings(tested: Tested, unknown: ReturnType<typeof unknownSettings>): Tested {
  if (unknown.length === 0) return tested
  const checks = unknown.map(({ key, near }) => ({
    code: 'unknown_setting',
    level: 'warn' as const,
    message: `Unknown setting ${key}. It has no effect.`,
    hint: near === undefined ? "The adapter's README lists all settings." : `Did you mean ${near}?`,
  }))
  return { ...tested, status: tested.status === 'pass' ? 'warn' : tested.status, checks: [...tested.checks, ...checks] }
}
