import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../../../images/agent/', import.meta.url))
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
const agents = ['@anthropic-ai/claude-code', 'opencode-ai', '@openai/codex']

describe('the agent image', () => {
  it('has the same programs with Docker and without', async () => {
    const [dockerfile, script] = await Promise.all([read('Dockerfile'), read('build-root')])
    const [, docker = ''] = /--no-install-recommends \\\n +([^\\]+?) *\\\n/.exec(dockerfile) ?? []
    const [, debian = ''] = /--include=(\S+)/.exec(script) ?? []
    expect(docker.trim().split(/\s+/)).toEqual(debian.split(','))
    for (const name of agents) {
      expect(dockerfile).toContain(`"${name}@\${`)
      expect(script).toContain(`"${name}@\${`)
    }
  })

  it.each(agents)('can be built for amd64 and arm64 with %s', async (name) => {
    const manifest = createRequire(import.meta.url)(`${name}/package.json`) as {
      optionalDependencies: Record<string, string>
    }
    const platforms = Object.keys(manifest.optionalDependencies).join(' ')
    expect(platforms).toMatch(/-linux-x64\b/)
    expect(platforms).toMatch(/-linux-arm64\b/)
  })

  // Changing the owner of files takes root.
  it.skipIf(process.getuid?.() !== 0)('lets every uid of group 0 write home and work', async () => {
    const root = await mkdtemp(join(tmpdir(), 'agent-image-'))
    await mkdir(join(root, 'etc'))
    await mkdir(join(root, 'tmp'))
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n')
    await promisify(execFile)('sh', [join(folder, 'prepare-root'), root])
    for (const path of ['home/agent', 'work']) {
      const { uid, gid, mode } = await stat(join(root, path))
      expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: 1000, gid: 0, mode: 0o2775 })
    }
    expect(await readFile(join(root, 'etc/passwd'), 'utf8')).toMatch(/^root:[^\n]*\nagent:x:1000:0:[^\n]*\n$/)
    expect((await stat(join(root, 'tmp'))).mode & 0o7777).toBe(0o1777)
    await rm(root, { recursive: true })
  })
})
