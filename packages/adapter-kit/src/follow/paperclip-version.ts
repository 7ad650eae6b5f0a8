import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isRecord } from '../settings/loose-text.ts'

const packages = new Set(['@paperclipai/server', 'paperclipai'])

/** The version of Paperclip whose program this process runs, such as `2026.916.1`; null when it is another program. */
export function paperclipVersion(program: string | undefined): string | null {
  if (program === undefined || !existsSync(program)) return null
  for (let folder = dirname(realpathSync(program)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (!existsSync(file)) continue
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isRecord(found) || typeof found['name'] !== 'string') continue
    return packages.has(found['name']) && typeof found['version'] === 'string' ? found['version'] : null
  }
  return null
}

// The newest version whose UI cannot run the parser of an external adapter (docs/paperclip-facts.md#transcripts).
const lastWithoutParsers = [2026, 916, 1]

/** Whether the UI of this version shows the lines of an external adapter as they are. */
export function showsRawLines(version: string | null): boolean {
  const parts = version?.split('.').map(Number) ?? []
  if (parts.length !== 3 || parts.some((part) => !Number.isInteger(part))) return false
  for (const [index, part] of parts.entries()) {
    const last = lastWithoutParsers[index] ?? 0
    if (part !== last) return part < last
  }
  return true
}
