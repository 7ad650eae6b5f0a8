import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { volumeScope } from './volume-scope.ts'

const base = {
  root: '/paperclip',
  instanceRoot: '/paperclip/instances/default',
  company: 'c1',
  agent: 'a1',
  own: ['/paperclip/instances/default/data/agent-jobs/c1/home'],
  readOnly: ['/paperclip/instances/default/companies/c1/cache'],
  wanted: [] as (string | null)[],
}
const paths = (wanted: (string | null)[]) => volumeScope({ ...base, wanted }).folders.map(({ path }) => path)

describe("the agent's part of the data volume", () => {
  it('is what is its own, and the bundles to read', () => {
    expect(volumeScope(base)).toEqual({
      folders: [
        { path: '/paperclip/instances/default/companies/c1/cache', readOnly: true },
        { path: '/paperclip/instances/default/data/agent-jobs/c1/home', readOnly: false },
      ],
      refused: [],
    })
  })

  it.each([
    '/paperclip/instances/default/projects/c1/p/repo',
    '/paperclip/instances/default/workspaces/a1/',
    '/paperclip/instances/default/companies/c1/agents/a1/instructions',
    '/paperclip/repos/site',
  ])('grows by the folder %s of its task', (folder) => {
    expect(paths([folder])).toContain(folder.replace(/\/$/, ''))
  })

  it.each([
    '/paperclip',
    '/paperclip/',
    '/paperclip/repos/..',
    '/paperclip/instances',
    '/paperclip/instances/default',
    '/paperclip/instances/default/db',
    '/paperclip/instances/default/secrets',
    '/paperclip/instances/default/companies',
    '/paperclip/instances/default/companies/c10',
    '/paperclip/instances/default/companies/c1/../c2',
    '/paperclip/instances/default/workspaces/a2',
    '/paperclip/instances/default/data/agent-jobs/c2/home',
    '/paperclip/instances/other/companies/c1',
    '/paperclip/adapter-plugins/node_modules',
  ])('never takes in %s', (folder) => {
    const { folders, refused } = volumeScope({ ...base, wanted: [folder] })
    expect(folders).toEqual(volumeScope(base).folders)
    expect(refused).toHaveLength(1)
  })

  it('leaves alone what is not on the volume', () => {
    expect(volumeScope({ ...base, wanted: ['/work', '/paperclip2/x', null] }).refused).toEqual([])
  })

  it('mounts a folder once, by its outermost name', () => {
    expect(paths(['/paperclip/repos/site', '/paperclip/repos/site/docs', '/paperclip/repos'])).toEqual(
      expect.arrayContaining(['/paperclip/repos']),
    )
    expect(paths(['/paperclip/repos/site', '/paperclip/repos'])).toHaveLength(3)
  })

  it("holds no other company's folder and nothing of the server's, whatever is asked for", () => {
    const name = fc.constantFrom('instances', 'default', 'companies', 'c1', 'c2', '..', 'db', 'secrets', 'x')
    fc.assert(
      fc.property(fc.array(fc.array(name)), (asked) => {
        const found = paths(asked.map((names) => ['/paperclip', ...names].join('/')))
        for (const file of ['companies/c2/secret', 'db/base', 'secrets/master.key']) {
          const holders = found.filter((path) => `/paperclip/instances/default/${file}`.startsWith(`${path}/`))
          expect(holders).toEqual([])
        }
      }),
    )
  })
})
