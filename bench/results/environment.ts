import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './results-page.ts'

const packages = ['undici', '@anthropic-ai/claude-code', 'opencode-ai', '@openai/codex', '@kubernetes/client-node']
const owners = ['packages/kube-api', 'apps/cli', 'packages/claude-stream-parser', 'bench']

/** What the measurements ran on. */
export function environmentOf(root: string): Environment {
  const { model = 'unknown processor' } = cpus()[0] ?? {}
  const versions = packages.flatMap((name) => {
    const version = versionOf(root, name)
    return version === null ? [] : [[name, version] as const]
  })
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    machine: `${availableParallelism()} processors (${model.trim()}), ${platform()} ${release()}`,
    versions: [['Node.js', process.version], ['V8', process.versions.v8], ...versions],
  }
}

function versionOf(root: string, name: string): string | null {
  for (const owner of owners) {
    const require = createRequire(join(root, owner, 'package.json'))
    try {
      return (require(`${name}/package.json`) as { version: string }).version
    } catch (error) {
      // Only some of these packages depend on it, and not every package exports its package.json.
      if (!(error instanceof Error) || !('code' in error)) throw error
    }
  }
  return null
}
