import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Path of a program of an npm package, resolved from a module. */
export function npmProgram(from: string, packageName: string, program: string): string {
  const manifest = createRequire(from).resolve(`${packageName}/package.json`)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }
  const path = typeof bin === 'string' ? bin : bin[program]
  if (path === undefined) throw new Error(`${packageName} has no program "${program}"`)
  return join(dirname(manifest), path)
}
