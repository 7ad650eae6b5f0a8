import { shortHash } from './label-value.ts'

/** Lower-case letters, digits and `-` of a text, at most 16, with no `-` at either end. May be empty. */
export function nameSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '')
    .replace(/^-+/, '')
    .slice(0, 16)
    .replace(/-+$/, '')
}

/**
 * The Job name of one run: `prefix-{key slug}-{run slug}-{hash}`. It depends on nothing else, so the same run always
 * gets the same name; the hash of both distinguishes runs with the same slugs.
 *
 * @example
 * jobNameFor('run', 'agent-7', '0b1c') // 'run-agent-7-0b1c-…'
 */
export function jobNameFor(prefix: string, key: string, runId: string): string {
  return [prefix, nameSlug(key), nameSlug(runId), shortHash(`${key}:${runId}`, 6)]
    .filter((part) => part !== '')
    .join('-')
}

/** The name of the Secret that is the lock of a key. */
export function secretNameFor(key: string): string {
  return ['run-key', nameSlug(key), shortHash(key, 16)].filter((part) => part !== '').join('-')
}
