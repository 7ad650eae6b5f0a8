import { dirname, isAbsolute, join } from 'node:path'
import { isRecord, type RawEntry } from './kube-config-document.ts'
import { invalidKubeConfig } from './kube-config-error.ts'

/** Reads the fields of one entry, each by its name and type; fields never read are unknown. */
export interface EntryFields {
  readonly what: string
  text(name: string): string | undefined
  flag(name: string): boolean | undefined
  /** Relative paths are resolved against the folder of the file that holds them. */
  path(name: string): string | undefined
  texts(name: string): readonly string[] | undefined
  record(name: string): Record<string, unknown> | undefined
  /** Fields that were never read. */
  unread(): string[]
}

// kubectl treats an absent field, null and the empty string alike.
const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** Resolves a path given in a file of this folder. */
export function resolveIn(folder: string | undefined, path: string): string {
  return folder === undefined || isAbsolute(path) ? path : join(folder, path)
}

/** Opens an entry for reading; `what` names it in messages, such as `user "admin"`. */
export function entryFields({ fields, folder, source }: RawEntry, what: string): EntryFields {
  const read = new Set<string>(['extensions'])
  const wrong = (name: string, type: string) =>
    invalidKubeConfig(`\`${name}\` of ${what} in ${source} must be ${type}.`)

  function value(name: string): unknown {
    read.add(name)
    return isSet(fields[name]) ? fields[name] : undefined
  }
  function text(name: string): string | undefined {
    const found = value(name)
    if (found === undefined || typeof found === 'string') return found
    throw wrong(name, 'a string; put it in quotes')
  }

  return {
    what: `${what} in ${source}`,
    text,
    flag(name) {
      const found = value(name)
      if (found === undefined || typeof found === 'boolean') return found
      throw wrong(name, '`true` or `false`')
    },
    path(name) {
      const path = text(name)
      return path === undefined ? undefined : resolveIn(folder, path)
    },
    texts(name) {
      const found = value(name)
      if (found === undefined) return undefined
      if (Array.isArray(found) && found.every((each) => typeof each === 'string')) return found
      throw wrong(name, 'a list of strings')
    },
    record(name) {
      const found = value(name)
      if (found === undefined || isRecord(found)) return found
      throw wrong(name, 'a mapping')
    },
    unread: () => Object.keys(fields).filter((name) => !read.has(name) && isSet(fields[name])),
  }
}

/** The folder that a file's relative paths are relative to. */
export const folderOf = (file: string): string => dirname(file)
