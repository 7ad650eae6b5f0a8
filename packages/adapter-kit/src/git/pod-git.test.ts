import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { githubBrokerEnvironment } from '@paperclipai/adapter-utils/github-launcher'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { githubCapability } from './github-capability.ts'
import { leaveOutHostGit } from './host-git.ts'
import { podGit, type GitHubAccess, type PodGit } from './pod-git.ts'

const run = promisify(execFile)
const ada = { id: '1b4e28ba', name: 'Ada "the\nfirst" \\ one' }

/** What Paperclip's broker answers. */
const withAuthor = {
  status: 'available',
  env: {
    PAPERCLIP_GIT_TOKEN: 'gho_of-the-connection',
    GIT_AUTHOR_NAME: 'octo',
    GIT_AUTHOR_EMAIL: '7+octo@users.noreply.github.com',
    GIT_COMMITTER_NAME: 'octo',
    GIT_COMMITTER_EMAIL: '7+octo@users.noreply.github.com',
  },
}

describe('git in a pod', () => {
  let answer: object = withAuthor
  let asked: IncomingHttpHeaders[] = []
  let broker: Server
  let folder = ''

  beforeAll(async () => {
    broker = createServer((request, response) => {
      asked.push({ ...request.headers, path: request.url })
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    })
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => broker.close())
  beforeEach(() => {
    answer = withAuthor
    asked = []
    folder = mkdtempSync(join(tmpdir(), 'managed-github-'))
    return () => rmSync(folder, { recursive: true, force: true })
  })

  /** Does what the launcher does with the files, and returns what the agent's processes see. */
  function pod(git: PodGit): Record<string, string> {
    for (const { path, content, mode = 0o600 } of git.files) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      chmodSync(path, mode)
    }
    const variables = githubBrokerEnvironment({}, { url: 'http://127.0.0.1:3100', token: 'capability' })
    leaveOutHostGit(variables)
    const { port } = broker.address() as AddressInfo
    return {
      ...variables,
      ...git.variables,
      HOME: folder,
      PAPERCLIP_API_URL: `http://127.0.0.1:${port}`,
      PAPERCLIP_API_KEY: 'password-of-the-proxy',
      PATH: [...git.prependPath, process.env['PATH']].join(':'),
    }
  }
  const prepared = (github: GitHubAccess | null = { by: 'proxy' }) =>
    pod(podGit({ directory: join(folder, 'run'), agent: ada, github }))
  const shell = async (env: Record<string, string>, command: string, ...flags: string[]) =>
    (await run('bash', [...flags, '-c', command], { cwd: folder, env })).stdout.trim()
  const commit = "git init -q . && git commit -q --allow-empty -m x && git log -1 --format='%an <%ae> %cn'"

  it("lets git commit as the connection's author, and asks through the proxy without holding a token", async () => {
    const env = prepared()
    expect(await shell(env, commit)).toBe('octo <7+octo@users.noreply.github.com> octo')
    expect(asked[0]).toMatchObject({
      path: '/runtime-tools/github/credentials',
      authorization: 'Bearer password-of-the-proxy',
      'x-paperclip-github-capability': 'held-by-the-launcher',
    })
    expect(JSON.stringify([env])).not.toMatch(/capability"|gho_/)
  })

  it('comes first in login shells, too, and hands a token to git alone', async () => {
    const env = prepared()
    for (const flags of [[], ['-l']]) {
      const shown = await shell(env, 'command -v git; env', ...flags)
      expect(shown.split('\n')[0]).toBe(join(folder, 'run', 'wrappers', 'git'))
      expect(shown).not.toContain('gho_')
    }
    const helper = "git -c alias.shown='!printenv PAPERCLIP_GIT_TOKEN' shown"
    expect(await shell(env, helper)).toBe('gho_of-the-connection')
  })

  it.each([
    ['has no connection', { status: 'absent', reason: 'No GitHub identity connected' }],
    ['is of low trust', { status: 'unavailable', reason: 'GitHub credentials are not available' }],
  ])("lets git commit under the agent's own name where it %s", async (_what, said) => {
    answer = said
    expect(await shell(prepared(), commit)).toBe(
      'Ada "the first" \\ one <1b4e28ba@agents.invalid> Ada "the first" \\ one',
    )
  })

  it("leaves the author to the repository's own configuration where the connection gives none", async () => {
    answer = { status: 'absent' }
    const own = 'git init -q . && git config user.name Repo && git config user.email r@example.com'
    expect(await shell(prepared(), `${own} && ${commit}`)).toBe('Repo <r@example.com> Repo')
  })

  it("is a name to commit under where Paperclip manages none, after the user's own configuration", async () => {
    const env = prepared(null)
    expect(await shell(env, commit)).toBe('Ada "the first" \\ one <1b4e28ba@agents.invalid> Ada "the first" \\ one')
    writeFileSync(join(folder, '.gitconfig'), '[user]\n\tname = Bob\n\temail = bob@example.com\n')
    expect(await shell(env, commit)).toBe('Bob <bob@example.com> Bob')
    expect(asked).toEqual([])
  })

  it('carries the capability itself only where the launcher offers no proxy', () => {
    expect(prepared({ by: 'agent', capability: 'the-capability' })['PAPERCLIP_GITHUB_BROKER_TOKEN']).toBe(
      'the-capability',
    )
  })
})

describe("the run's right to ask for GitHub credentials", () => {
  it('is there only where Paperclip manages them', () => {
    const env = { PAPERCLIP_GITHUB_AUTH_MODE: 'managed', PAPERCLIP_GITHUB_BROKER_TOKEN: 'right' }
    expect(githubCapability(env)).toBe('right')
    expect(githubCapability({ ...env, PAPERCLIP_GITHUB_AUTH_MODE: 'host' })).toBeNull()
    expect(githubCapability({ ...env, PAPERCLIP_GITHUB_BROKER_TOKEN: '' })).toBeNull()
    expect(githubCapability(undefined)).toBeNull()
  })
})
