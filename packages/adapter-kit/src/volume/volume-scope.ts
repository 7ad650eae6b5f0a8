import { isWithin } from '@agent-jobs/primitives'
import { posix } from 'node:path'
import { matchesPattern } from '../policy/patterns.ts'

/** A folder of the data volume that an agent's pod mounts at the server's path. */
export interface VolumeFolder {
  path: string
  readOnly: boolean
}

/** Which folders of the data volume a pod gets. */
export interface VolumeScope {
  folders: VolumeFolder[]
  refused: RefusedFolder[]
}

/** A requested folder that is not mounted. */
export interface RefusedFolder {
  path: string
  reason: /** It holds what belongs to others. */
    | 'others'
    /** The agent's settings name it, and the operator does not allow it. */
    | 'policy'
    /** It lies in a folder that pods of another company may write, so that a link could lead out of it. */
    | 'unsafe'
}

/** Input that decides which folders a pod gets. */
export interface ScopeRequest {
  /** Where the volume is mounted. */
  root: string
  instanceRoot: string
  company: string
  agent: string
  /** Folders of this agent alone, which it may write. */
  own: readonly string[]
  /** Folders that the server writes and the agent reads. */
  readOnly: readonly string[]
  /** Folders that Paperclip and the adapter name; those that are not on the volume are ignored. */
  trusted: readonly (string | null)[]
  /** Folders that the agent's settings name. */
  asked: readonly (string | null)[]
  /** Folders outside of Paperclip's that the operator allows; `*` matches any one part of a path. */
  allowed: readonly string[]
  /** Folders outside of Paperclip's that pods may write, and whose company's: see {@link recordFolders}. */
  granted: ReadonlyMap<string, string>
}

/** The part of a path that a pattern covers, with as many parts as the pattern; null when it does not match. */
function coveredPart(path: string, pattern: string): string | null {
  const parts = path.split('/')
  const wanted = pattern.replace(/(?<=.)\/+$/, '').split('/')
  if (parts.length < wanted.length) return null
  const matches = wanted.every((part, at) => matchesPattern(parts[at] ?? '', part))
  return matches ? parts.slice(0, wanted.length).join('/') : null
}

/** The shortest part of a path that one of the operator's patterns covers. */
function allowedPart(path: string, patterns: readonly string[]): string | null {
  const covered = patterns.map((pattern) => coveredPart(path, pattern)).filter((part) => part !== null)
  return covered.sort((a, b) => a.length - b.length)[0] ?? null
}

/**
 * The folder to mount for a path inside of Paperclip's instance. No pod ever gets its parent folders: a pod that may
 * write a folder could replace one below it by a link, between the server's check and the kubelet's mount.
 */
function anchorOf(path: string, { instanceRoot, company, agent, own, readOnly }: ScopeRequest): string | null {
  const ownFolder = [...own, ...readOnly].find((folder) => isWithin(folder, path))
  if (ownFolder !== undefined) return ownFolder
  const [area, owner, part, ...rest] = posix.relative(instanceRoot, path).split('/')
  if (owner === undefined) return null
  if (area === 'workspaces') return owner === agent ? posix.join(instanceRoot, area, owner) : null
  if ((area !== 'companies' && area !== 'projects') || owner !== company || part === undefined) return null
  if (area === 'companies' && part === 'agents') {
    return rest[0] === agent ? posix.join(instanceRoot, area, owner, part, agent) : null
  }
  return posix.join(instanceRoot, area, owner, part)
}

function placeOf(path: string, isTrusted: boolean, request: ScopeRequest): VolumeFolder | RefusedFolder {
  const { root, instanceRoot, company, allowed, granted } = request
  const instances = posix.dirname(instanceRoot)
  const refuse = (reason: RefusedFolder['reason']): RefusedFolder => ({ path, reason })
  // Folders that the server loads code from.
  const programs = posix.join(posix.dirname(instances), 'adapter-plugins')
  if (isWithin(path, instances) || isWithin(programs, path)) return refuse('others')
  if (isWithin(instances, path)) {
    const anchor = isWithin(instanceRoot, path) ? anchorOf(path, request) : null
    if (anchor === null) return refuse('others')
    return { path: anchor, readOnly: false }
  }
  if (path === root) return refuse('others')
  const part = allowedPart(path, allowed)
  if (part === null && !isTrusted) return refuse('policy')
  const folder = part ?? path
  // Below a folder of the same company, that whole folder is mounted; below another's, nothing.
  const above = [...granted].find(([other]) => other !== folder && isWithin(other, folder))
  if (above === undefined) return { path: folder, readOnly: false }
  return above[1] === company ? { path: above[0], readOnly: false } : refuse('unsafe')
}

/**
 * Decides what of the data volume an agent sees. The volume is the server's: database, keys, and every company's files lie
 * on it. A pod gets the folders of its own company, agent and task, by name, and never one that holds others besides. Pure.
 */
export function volumeScope(request: ScopeRequest): VolumeScope {
  const { root } = request
  const places = [
    ...request.trusted.map((path) => ({ path, isTrusted: true })),
    ...request.asked.map((path) => ({ path, isTrusted: false })),
  ].flatMap(({ path, isTrusted }) => {
    const normal = path === null ? '' : posix.normalize(path).replace(/(?<=.)\/+$/, '')
    return isWithin(root, normal) ? [{ path: normal, isTrusted }] : []
  })
  const given: VolumeFolder[] = request.own.map((path) => ({ path, readOnly: false }))
  const refused: RefusedFolder[] = []
  for (const { path, isTrusted } of places) {
    // A path in a folder that is already mounted needs no permission of its own.
    if (given.some((folder) => isWithin(folder.path, path))) continue
    if (!isTrusted && request.readOnly.some((folder) => isWithin(folder, path))) continue
    const place = placeOf(path, isTrusted, request)
    if ('reason' in place) refused.push(place)
    else given.push(place)
  }
  const writable = outermost(given.map(({ path }) => path))
  const folders = [
    ...writable.map((path) => ({ path, readOnly: false })),
    ...outermost(request.readOnly)
      .filter((path) => !writable.some((folder) => isWithin(folder, path)))
      .map((path) => ({ path, readOnly: true })),
  ]
  const isGiven = (path: string) => folders.some((folder) => isWithin(folder.path, path))
  return {
    folders: folders.sort((a, b) => (a.path < b.path ? -1 : 1)),
    refused: refused.filter(
      ({ path }, at) => !isGiven(path) && refused.findIndex((other) => other.path === path) === at,
    ),
  }
}

function outermost(paths: readonly string[]): string[] {
  const all = [...new Set(paths)]
  return all.filter((path) => !all.some((other) => other !== path && isWithin(other, path)))
}

/** Records the folders outside of Paperclip's that a pod may write, so that nothing below them is mounted for others. */
export function recordFolders(
  granted: Map<string, string>,
  request: ScopeRequest,
  folders: readonly VolumeFolder[],
): void {
  const instances = posix.dirname(request.instanceRoot)
  for (const { path, readOnly } of folders) {
    if (!readOnly && !isWithin(instances, path)) granted.set(path, granted.get(path) ?? request.company)
  }
}
