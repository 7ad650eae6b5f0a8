import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Container, Pod } from '../types.ts'
import { StartError, type ContainerPlan } from './container-runtime.ts'
import { allocatableOf } from './admit-pod.ts'
import { ConfigError, containerEnvironment, expand } from './environment.ts'
import { type ImageOptions, searchPath } from './images.ts'
import type { ContainerUser } from './lent-programs.ts'
import type { NodeContext } from './node-context.ts'
import { createPathRewriter, resolveInside } from './path-rewriter.ts'
import { mountsOf } from './volumes.ts'

/** A plan with what the kubelet needs in addition. */
export interface PreparedContainer extends ContainerPlan {
  messageFile: string
  /** Replaces mount paths by folders of this machine. */
  rewrite: (text: string) => string
}

interface Given {
  node: NodeContext
  pod: Pod
  container: Container
  image: ImageOptions
  id: string
  podDir: string
  folders: Map<string, string>
}

/** The user a container runs as; refuses root where that is forbidden. */
function userOf({ pod, container, image }: Given): number | undefined {
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec.securityContext?.runAsNonRoot
  if (nonRoot === true && (user ?? image.user ?? 0) === 0) {
    const why =
      user === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root'
    throw new ConfigError(
      `${why} (pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`,
    )
  }
  return user
}

/** All settings of one start of a container, with mount paths replaced by folders of this machine. */
export function planContainer(given: Given): PreparedContainer {
  const { node, pod, container, image, id, podDir, folders } = given
  const user = userOf(given)
  const own = containerEnvironment(
    { objects: node.cluster.objects, pod, hostIP: node.hostIP, allocatable: allocatableOf(node.cluster) },
    container,
  )
  const home = join(podDir, 'home')
  const temporary = join(podDir, 'tmp')
  const messageFile = join(podDir, `termination-${container.name}`)
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true })
  const mounts = [
    ...mountsOf(container, folders, own),
    { from: container.terminationMessagePath ?? '/dev/termination-log', to: messageFile },
  ]
  if (image.rootDir !== undefined) mounts.push(...rootMappings(image.rootDir, container, image))
  const wanted = container.workingDir ?? image.workingDir
  let cwd = podDir
  if (wanted !== undefined) {
    cwd = resolveInside(wanted, mounts) ?? (existsSync(wanted) ? wanted : join(podDir, 'rootfs', wanted))
    const file = fileAbove(wanted)
    if (file !== undefined) throw new StartError(`error during container init: mkdir ${file}: not a directory`)
    if (!existsSync(cwd)) mkdirSync(cwd, { recursive: true })
    if (cwd !== wanted && resolveInside(wanted, mounts) === undefined) mounts.push({ from: wanted, to: cwd })
  }
  const rewrite = createPathRewriter(mounts)
  const base: Record<string, string> = {
    PATH: searchPath(image, node.hostPath),
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    HOME: home,
    TMPDIR: temporary,
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(node.apiPort),
    ...image.env,
  }
  const env: Record<string, string> = { ...base }
  for (const [key, value] of Object.entries(own)) env[key] = rewrite(value)
  // A container that sets PATH for its image still finds the programs that replace the image here.
  if (own['PATH'] !== undefined) env['PATH'] = `${searchPath(image, '')}:${env['PATH']}:${node.hostPath}`
  const command = container.command ?? image.entrypoint ?? []
  const args = container.args ?? (container.command === undefined ? (image.cmd ?? []) : [])
  const argv = [...command, ...args].map((word) => rewrite(expand(word, own)))
  if (argv.length === 0 && image.run === undefined) {
    throw new ConfigError(`no command specified (pod: "${pod.metadata.name}", container: ${container.name})`)
  }
  const plan: PreparedContainer = { id, argv, env, cwd, messageFile, rewrite }
  if (user !== undefined && node.honourUser) {
    const group = container.securityContext?.['runAsGroup'] ?? pod.spec.securityContext?.['runAsGroup']
    const gid = typeof group === 'number' ? group : user
    Object.assign(plan, { uid: user, gid })
    if (user !== 0) lendPrograms(plan, node, { uid: user, gid })
    for (const folder of [podDir, home, temporary, ...folders.values()]) {
      if (folder.startsWith(node.cluster.dataDir)) chownSync(folder, user, gid)
    }
    if (cwd.startsWith(node.cluster.dataDir)) chownSync(cwd, user, gid)
  }
  return plan
}

/** Makes programs that only root can reach usable for another user; see LentPrograms. */
function lendPrograms(plan: ContainerPlan, { lent }: NodeContext, user: ContainerUser): void {
  plan.env['PATH'] = lent.searchPath(plan.env['PATH'] ?? '', user)
  if (plan.argv[0]?.startsWith('/')) plan.program = lent.program(plan.argv[0], user)
}

/** The part of a path that is a file and can hold nothing. */
function fileAbove(path: string): string | undefined {
  for (let at = path; at !== '/' && at !== '.'; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false })
    if (found !== undefined) return found.isDirectory() ? undefined : at
  }
  return undefined
}

/** Absolute programs of the image that exist below its root folder. */
function rootMappings(rootDir: string, container: Container, image: ImageOptions) {
  const program = (container.command ?? image.entrypoint ?? [])[0]
  if (program === undefined || !program.startsWith('/') || !existsSync(join(rootDir, program))) return []
  return [{ from: program, to: join(rootDir, program) }]
}
