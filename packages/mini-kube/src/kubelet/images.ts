import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { FunctionContainer } from './container-runtime.ts'

/** What represents an image on this machine. */
export interface ImageOptions {
  /** Folders put before the host's PATH. */
  path?: string[]
  /** The image's own environment. */
  env?: Record<string, string>
  /** A folder laid out like the image: its absolute paths win over the host's, its bin folders go on PATH. */
  rootDir?: string
  /** What runs when the container names no command, and the arguments when it names none. */
  entrypoint?: string[]
  cmd?: string[]
  workingDir?: string
  /** The image's user, for runAsNonRoot; 0 unless given. */
  user?: number
  /** Runs the container inside this process instead of starting one. */
  run?: FunctionContainer
}

/** Images by name; a name may end in `*`. */
export type Images = Record<string, ImageOptions>

/** An unavailable image, with the reason and message for the container's status. */
export interface ImageProblem {
  reason: 'InvalidImageName' | 'ErrImageNeverPull' | 'ErrImagePull'
  message: string
}

/** Finds the options of an image name: the exact name first, then the longest pattern. */
function findImage(images: Images, name: string): ImageOptions | undefined {
  const exact = images[name] ?? images[name.includes(':') ? name : `${name}:latest`]
  if (exact !== undefined) return exact
  const pattern = Object.keys(images)
    .filter((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)))
    .sort((a, b) => b.length - a.length)[0]
  return pattern === undefined ? undefined : images[pattern]
}

const fullName = (name: string) => {
  const parts = name.split('/')
  const host = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '')
  const tagged = (parts.at(-1) ?? '').includes(':') ? name : `${name}:latest`
  if (host) return tagged
  return parts.length === 1 ? `docker.io/library/${tagged}` : `docker.io/${tagged}`
}

const invalidName = (name: string): string | undefined => {
  const repository = name.replace(/@.*$/, '').replace(/:[^/]*$/, '')
  const upper = repository.split('/').find((part, index) => /[A-Z]/.test(part) && (index > 0 || !part.includes('.')))
  const bad = upper !== undefined || !/^[\w.\-/:]+$/.test(repository) || /:[^/]*\s/.test(name)
  if (!bad) return undefined
  const why =
    upper === undefined
      ? ''
      : `: repository name (${repository.split('/').slice(1).join('/') || repository}) must be lowercase`
  return `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format${why}`
}

/** The image, or why the kubelet cannot pull it. */
export function pullImage(images: Images, name: string, policy: string | undefined): ImageOptions | ImageProblem {
  const invalid = invalidName(name)
  if (invalid !== undefined) return { reason: 'InvalidImageName', message: invalid }
  const found = findImage(images, name)
  if (found !== undefined) return found
  if (policy === 'Never') {
    return {
      reason: 'ErrImageNeverPull',
      message: `Container image "${name}" is not present with pull policy of Never`,
    }
  }
  const full = fullName(name)
  const repository = full.slice(full.indexOf('/') + 1).replace(/:[^/:]*$/, '')
  const host = full.slice(0, full.indexOf('/'))
  const registry = host === 'docker.io' ? 'registry-1.docker.io' : host
  // A registry on the node itself is asked without TLS; that nothing listens there is as true here.
  const own = /^(localhost|127\.[\d.]+)(:\d+)?$/.test(host)
  const failure = own ? `${host}: connect: connection refused` : `lookup ${registry}: no such host`
  const manifest = `${own ? 'http' : 'https'}://${registry}/v2/${repository}/manifests/${full.slice(full.lastIndexOf(':') + 1)}`
  return {
    reason: 'ErrImagePull',
    message: `failed to pull and unpack image "${full}": failed to resolve reference "${full}": failed to do request: Head "${manifest}": dial tcp${own ? '' : ':'} ${failure}`,
  }
}

export const isProblem = (value: ImageOptions | ImageProblem): value is ImageProblem => 'reason' in value

const binFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** PATH for a container of this image: the image's folders, then the host's. */
export function searchPath(image: ImageOptions, hostPath: string): string {
  const inside =
    image.rootDir === undefined
      ? []
      : binFolders.map((folder) => join(image.rootDir ?? '', folder)).filter((folder) => existsSync(folder))
  return [...(image.path ?? []), ...inside, ...hostPath.split(delimiter), ...binFolders]
    .filter((folder, index, all) => folder !== '' && all.indexOf(folder) === index)
    .join(delimiter)
}

/** The full name of an image in the runtime, with the default registry and tag. */
export function fullImageName(name: string): string {
  const [first = '', ...rest] = name.split('/')
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const home = hasRegistry ? '' : rest.length === 0 ? 'docker.io/library/' : 'docker.io/'
  const last = rest.at(-1) ?? (hasRegistry ? '' : first)
  return `${home}${name}${/[:@]/.test(last) ? '' : ':latest'}`
}
