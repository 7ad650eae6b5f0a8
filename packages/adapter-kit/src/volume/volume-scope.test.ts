import { isWithin } from '@agent-jobs/primitives'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordFolders, volumeScope, type ScopeRequest } from './volume-scope.ts'

const instance = '/paperclip/instances/default'
const requestOf = (company: string, agent: string, more: Partial<ScopeRequest> = {}): ScopeRequest => ({
  root: '/paperclip',
  instanceRoot: instance,
  company,
  agent,
  own: [`${instance}/data/agent-jobs/${company}/${agent}`],
  readOnly: [`${instance}/companies/${company}/cache`, `${instance}/companies/${company}/agents/${agent}`],
  trusted: [],
  asked: [],
  allowed: [],
  granted: new Map(),
  ...more,
})
const scopeOf = (more: Partial<ScopeRequest> = {}) => volumeScope(requestOf('c1', 'a1', more))
const paths = (more: Partial<ScopeRequest>) => scopeOf(more).folders.map(({ path }) => path)

describe("the agent's part of the data volume", () => {
  it('is its own folder to write, and bundle and instructions to read', () => {
    expect(scopeOf()).toEqual({
      folders: [
        { path: `${instance}/companies/c1/agents/a1`, readOnly: true },
        { path: `${instance}/companies/c1/cache`, readOnly: true },
        { path: `${instance}/data/agent-jobs/c1/a1`, readOnly: false },
      ],
      refused: [],
    })
  })

  it.each([
    [`${instance}/projects/c1/p/repo`, `${instance}/projects/c1/p`],
    [`${instance}/projects/c1/p/repo/.worktrees/x`, `${instance}/projects/c1/p`],
    [`${instance}/workspaces/a1/`, `${instance}/workspaces/a1`],
    [`${instance}/workspaces/a1/site`, `${instance}/workspaces/a1`],
    [`${instance}/companies/c1/files/x`, `${instance}/companies/c1/files`],
    ['/paperclip/repos/site', '/paperclip/repos/site'],
  ])('grows by the folder of its task %s, mounted where no pod may write above it: %s', (folder, mounted) => {
    expect(paths({ trusted: [folder] })).toContain(mounted)
  })

  it.each([
    '/paperclip',
    '/paperclip/',
    '/paperclip/repos/..',
    '/paperclip/instances',
    instance,
    `${instance}/db`,
    `${instance}/secrets`,
    `${instance}/companies`,
    `${instance}/companies/c1`,
    `${instance}/companies/c1/agents`,
    `${instance}/companies/c1/agents/a2`,
    `${instance}/companies/c1/agents/a2/instructions`,
    `${instance}/companies/c10`,
    `${instance}/companies/c1/../c2`,
    `${instance}/projects/c1`,
    `${instance}/workspaces/a2`,
    `${instance}/data/agent-jobs/c1/a2`,
    `${instance}/data/agent-jobs/c1`,
    `${instance}/data/agent-jobs/c2/home`,
    '/paperclip/instances/other/companies/c1',
    '/paperclip/adapter-plugins/node_modules',
  ])('never includes %s, whatever names it', (folder) => {
    for (const more of [
      { trusted: [folder] },
      { asked: [folder] },
      { asked: [folder], allowed: ['/paperclip/*', '/*', '/'] },
    ]) {
      const { folders, refused } = scopeOf(more)
      expect(folders).toEqual(scopeOf().folders)
      expect(refused).toMatchObject([{ reason: 'others' }])
    }
  })

  it('ignores paths that are not on the volume', () => {
    expect(scopeOf({ trusted: ['/work', '/paperclip2/x', null] }).refused).toEqual([])
  })

  it('mounts a folder once, by its outermost name', () => {
    expect(
      paths({ trusted: ['/paperclip/repos/site', '/paperclip/repos/site/docs', '/paperclip/repos'] }),
    ).toHaveLength(4)
  })

  it('keeps instructions read-only, unless Paperclip says that they are the home of the agent', () => {
    const folder = `${instance}/companies/c1/agents/a1/instructions`
    const readOnly = (more: Partial<ScopeRequest>) =>
      scopeOf(more).folders.find(({ path }) => path === `${instance}/companies/c1/agents/a1`)?.readOnly
    expect(readOnly({ asked: [folder] })).toBe(true)
    expect(readOnly({ trusted: [folder] })).toBe(false)
  })
})

describe('a folder outside of Paperclip that settings name', () => {
  it('is refused, unless the operator allows it', () => {
    expect(scopeOf({ asked: ['/paperclip/tools'] }).refused).toEqual([{ path: '/paperclip/tools', reason: 'policy' }])
    expect(paths({ asked: ['/paperclip/tools'], allowed: ['/paperclip/tools'] })).toContain('/paperclip/tools')
  })

  it.each([
    ['/paperclip/tools/bin/x', ['/paperclip/tools'], '/paperclip/tools'],
    ['/paperclip/repos/site/docs', ['/paperclip/repos/*'], '/paperclip/repos/site'],
    ['/paperclip/repos/site', ['/paperclip/repos/*', '/paperclip/*'], '/paperclip/repos'],
  ])('%s, allowed by %j, is mounted as %s', (asked, allowed, mounted) => {
    expect(paths({ asked: [asked], allowed })).toContain(mounted)
  })

  it.each([
    ['/paperclip/repos', ['/paperclip/repos/*']],
    ['/paperclip/.ssh', ['/paperclip/tools']],
    ['/paperclip/toolsx', ['/paperclip/tools']],
  ])('%s is not allowed by %j', (asked, allowed) => {
    expect(scopeOf({ asked: [asked], allowed }).refused).toEqual([{ path: asked, reason: 'policy' }])
  })

  it('needs no permission inside a mounted folder', () => {
    expect(scopeOf({ trusted: ['/paperclip/repos/site'], asked: ['/paperclip/repos/site/.git'] }).refused).toEqual([])
  })

  it('below a folder that pods may write is given as that folder to the same company, and to no other', () => {
    const granted = new Map<string, string>()
    const first = requestOf('c1', 'a1', { trusted: ['/paperclip/repos'], granted })
    recordFolders(granted, first, volumeScope(first).folders)
    expect([...granted]).toEqual([['/paperclip/repos', 'c1']])
    expect(paths({ trusted: ['/paperclip/repos/site'], granted })).toContain('/paperclip/repos')
    const other = volumeScope(requestOf('c2', 'a2', { trusted: ['/paperclip/repos/site'], granted }))
    expect(other.refused).toEqual([{ path: '/paperclip/repos/site', reason: 'unsafe' }])
  })
})

describe('the folders of all pods', () => {
  const name = fc.constantFrom(
    'instances',
    'default',
    'companies',
    'projects',
    'workspaces',
    'data',
    'agent-jobs',
    'agents',
    'c1',
    'c2',
    'a1',
    'a2',
    '..',
    'db',
    'secrets',
    'x',
    'y',
  )
  const path = fc.array(name, { maxLength: 8 }).map((names) => ['/paperclip', ...names].join('/'))
  const inInstance = fc.array(name, { maxLength: 6 }).map((names) => [instance, ...names].join('/'))
  const anyPath = fc.oneof(path, inInstance)
  const pod = fc.record({
    company: fc.constantFrom('c1', 'c2'),
    agent: fc.constantFrom('a1', 'a2'),
    trusted: fc.array(anyPath, { maxLength: 4 }),
    asked: fc.array(anyPath, { maxLength: 4 }),
  })

  it("hold nothing of another company's and nothing of the server's, whatever is asked for", () => {
    fc.assert(
      fc.property(pod, ({ trusted, asked }) => {
        const found = paths({ trusted, asked, allowed: ['/paperclip/*'] })
        for (const file of [
          'companies/c2/secret',
          'projects/c2/p/file',
          'db/base',
          'secrets/master.key',
          'data/agent-jobs/c2/a2/x',
          'data/agent-jobs/c1/a2/x',
        ]) {
          expect(found.filter((folder) => isWithin(folder, `${instance}/${file}`))).toEqual([])
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('never lie below a folder that an earlier pod may write, so that no link can be put in their way', () => {
    let nested = 0
    fc.assert(
      fc.property(fc.array(pod, { minLength: 2, maxLength: 5 }), (pods) => {
        const granted = new Map<string, string>()
        const writable: string[] = []
        for (const { company, agent, trusted, asked } of pods) {
          const request = requestOf(company, agent, {
            trusted,
            asked,
            allowed: ['/paperclip/x', '/paperclip/y/*'],
            granted,
          })
          const { folders } = volumeScope(request)
          for (const { path: mounted } of folders) {
            nested += 1
            expect(writable.filter((other) => other !== mounted && isWithin(other, mounted))).toEqual([])
          }
          recordFolders(granted, request, folders)
          writable.push(...folders.filter(({ readOnly }) => !readOnly).map(({ path: mounted }) => mounted))
        }
      }),
      { numRuns: 2000 },
    )
    expect(nested).toBeGreaterThan(10_000)
  })
})
