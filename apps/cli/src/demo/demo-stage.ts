import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { startScriptedModel } from '@agent-jobs/scripted-model'
import type { Agent } from '@agent-jobs/agent-run'
import { currentContext, parseKubeConfig, type KubeConfig } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { resolveCluster, shownServer } from '../cluster/resolve-cluster.ts'
import { agentOnDemand } from '../agents/fetch-agent.ts'
import { reachableTemp } from './reachable-temp.ts'
import { createScope, type Scope } from '../scope.ts'

/** Where a demo runs. */
export interface DemoOptions {
  readonly cluster: string
  readonly image?: string
  readonly namespace?: string
  readonly modelHost?: string
  readonly live?: boolean
}

/** A cluster and a model, ready for one run; disposing it leaves nothing behind. */
export interface DemoStage extends AsyncDisposable {
  readonly kubeConfig: KubeConfig
  readonly namespace: string
  readonly image: string
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly secretEnv: Readonly<Record<string, string>>
  /** The model to ask for; undefined leaves it to the agent. */
  readonly model: string | undefined
  /** What to tell the user before it begins. */
  readonly introduction: readonly (readonly [name: string, text: string])[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Sets the stage: the embedded cluster or the current one, the scripted model or the real API. */
export async function openDemoStage(
  agent: Agent,
  options: DemoOptions,
  env: Environment,
  say: (line: string) => void,
): Promise<DemoStage> {
  const scope = createScope()
  try {
    const model = options.live ? liveModel(agent, env) : await scriptedModel(agent, modelHost(options), scope)
    const place =
      options.cluster === 'current' ? currentCluster(options, env) : await embeddedCluster(agent, scope, env, say)
    return {
      ...place,
      secretEnv: model.secretEnv,
      model: model.name,
      introduction: [
        ['agent', place.agentIs],
        ['cluster', place.clusterIs],
        ['model', model.is],
      ],
      [Symbol.asyncDispose]: scope[Symbol.asyncDispose],
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

interface Model {
  readonly secretEnv: Readonly<Record<string, string>>
  readonly name: string | undefined
  readonly is: string
}

function modelHost({ cluster, modelHost: host }: DemoOptions): string {
  if (host !== undefined) return host
  if (cluster !== 'current') return '127.0.0.1'
  throw new CliError(
    'usage',
    "Pods of another cluster cannot reach a model on this machine's loopback. Pass --model-host ADDRESS (this machine as pods see it), or --live.",
  )
}

async function scriptedModel(agent: Agent, host: string, scope: Scope): Promise<Model> {
  const { scriptedModel: scripted } = agent
  if (!scripted) throw new CliError('usage', `${agent.title} has no scripted model. Pass --live.`)
  const model = await startScriptedModel({ host, scenario: 'tool' })
  scope.defer(() => model.close())
  return { secretEnv: scripted.env(model.url), name: scripted.model, is: `scripted, at ${model.url}` }
}

function liveModel(agent: Agent, env: Environment): Model {
  const found = agent.credentialEnv.flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  if (found.length === 0)
    throw new CliError('usage', `--live needs one of ${agent.credentialEnv.join(', ')} in the environment.`)
  return {
    secretEnv: Object.fromEntries(found),
    name: undefined,
    is: `the real API, by ${found.map(([name]) => name).join(', ')}`,
  }
}

interface Place extends Omit<DemoStage, 'secretEnv' | 'model' | 'introduction' | typeof Symbol.asyncDispose> {
  readonly agentIs: string
  readonly clusterIs: string
}

function currentCluster(options: DemoOptions, env: Environment): Place {
  if (options.image === undefined) {
    throw new CliError('usage', '--cluster current needs --image NAME: an image with node and the agent.')
  }
  const { namespace } = options
  const { kubeConfig, ...where } = resolveCluster(namespace === undefined ? {} : { namespace }, env)
  return {
    kubeConfig,
    namespace: where.namespace,
    image: options.image,
    cwd: undefined,
    env: {},
    agentIs: `that of image ${options.image}`,
    clusterIs: shownServer(currentContext(kubeConfig)?.cluster.server ?? ''),
  }
}

/** mini-kube with one image: the agent that npm installed, and this process's Node.js. */
async function embeddedCluster(
  agent: Agent,
  scope: Scope,
  env: Environment,
  say: (line: string) => void,
): Promise<Place> {
  const { packageName } = agent
  if (packageName === undefined) {
    throw new CliError('usage', `${agent.title} cannot be installed from npm. Pass --cluster current and --image NAME.`)
  }
  const installed = await agentOnDemand(packageName, { title: agent.title, env, say })
  const root = await mkdtemp(join(reachableTemp(), 'agent-jobs-demo-'))
  scope.defer(() => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  // Started by root, the pod still runs as the user its Job names.
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chmod(root, 0o711)
  const folder = async (name: string): Promise<string> => {
    const path = join(root, name)
    await mkdir(path)
    if (isRoot) await chown(path, 1_000, 1_000)
    return path
  }
  const [bin, home, work] = [await folder('bin'), await folder('home'), await folder('work')]
  const [data, temporary] = [await folder('data'), await folder('tmp')]
  await symlink(installed.file, join(bin, agent.name))
  await symlink(process.execPath, join(bin, 'node'))
  await writeFile(
    join(work, 'README.md'),
    '# Demo workspace\n\nA folder for one run; it is removed when the demo ends.\n',
  )
  const image = `npm/${packageName.replace('@', '')}:${installed.version}`
  const cluster = await startMiniKube({
    dataDir: data,
    images: { [image]: { path: [bin], workingDir: work } },
  })
  scope.defer(() => cluster.close())
  const kubeConfig = parseKubeConfig(cluster.kubeConfig())
  const kubeConfigFile = join(root, 'kubeconfig')
  await writeFile(kubeConfigFile, cluster.kubeConfig(), { mode: 0o600 })
  return {
    kubeConfig,
    namespace: 'default',
    image,
    cwd: work,
    // The agent writes its state below HOME.
    env: { HOME: home, TMPDIR: temporary },
    agentIs: `${agent.title} ${installed.version} from npm`,
    clusterIs: `mini-kube in this process; look with: kubectl --kubeconfig ${kubeConfigFile} get pods`,
  }
}
