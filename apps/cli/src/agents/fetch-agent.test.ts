import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentOnDemand } from './fetch-agent.ts'

let folder = ''
let nowhere: URL
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-fetch-'))
  nowhere = pathToFileURL(join(folder, 'nowhere', 'index.js'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A PATH whose npm is this script. */
async function npm(script: string): Promise<string> {
  const bin = await mkdtemp(join(folder, 'bin-'))
  await writeFile(join(bin, 'npm'), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin, 'npm'), 0o755)
  return `${bin}:/usr/bin:/bin`
}
const installs = `echo "$@" >"$LOG"; p=$3/node_modules/opencode-ai; mkdir -p $p/bin
echo '{"version":"1.2.3","bin":{"opencode":"bin/opencode"}}' >$p/package.json; head -c 1000001 /dev/zero >$p/bin/opencode`

describe('agentOnDemand', () => {
  it('fetches an agent that is absent, once, and says so', async () => {
    const [lines, home]: [string[], string] = [[], join(folder, 'home')]
    await mkdir(home)
    const env = { PATH: await npm(installs), HOME: home, LOG: join(folder, 'log') }
    const options = { title: 'OpenCode', env, from: nowhere, say: (line: string) => void lines.push(line) }
    const cache = join(home, '.cache/agent-jobs/agents')
    const file = join(cache, 'node_modules/opencode-ai/bin/opencode')
    expect(await agentOnDemand('opencode-ai', options)).toEqual({ file, version: '1.2.3' })
    expect(lines).toEqual([`  fetching  OpenCode from npm into ${cache}, once; some 250 MB`])
    const again = { ...options, env: { ...env, PATH: await npm('exit 1') } }
    expect(await agentOnDemand('opencode-ai', again)).toEqual({ file, version: '1.2.3' })
  })

  it('keeps it below XDG_CACHE_HOME', async () => {
    const cache = join(folder, 'xdg')
    const env = { PATH: await npm(installs), XDG_CACHE_HOME: cache, LOG: join(folder, 'log') }
    const { file } = await agentOnDemand('opencode-ai', { title: 'OpenCode', env, from: nowhere, say: () => undefined })
    expect(file).toContain(join(cache, 'agent-jobs/agents'))
  })

  it("fails with npm's own message", async () => {
    const env = { PATH: await npm('echo "no network here" >&2; exit 1'), HOME: join(folder, 'other') }
    const fetching = agentOnDemand('opencode-ai', { title: 'OpenCode', env, from: nowhere, say: () => undefined })
    await expect(fetching).rejects.toThrow('npm could not fetch opencode-ai@1: no network here')
  })

  it('reports that npm is missing', async () => {
    const env = { PATH: join(folder, 'nowhere'), HOME: join(folder, 'other') }
    const fetching = agentOnDemand('opencode-ai', { title: 'OpenCode', env, from: nowhere, say: () => undefined })
    await expect(fetching).rejects.toThrow('npm is needed to fetch opencode-ai@1')
  })
})
