import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

it('prints account, Role and binding for the server, in the namespace of the agents', async () => {
  const terminal = fakeTerminal()
  const args = ['--namespace', 'company', '--agent-namespace', 'agents', '--service-account', 'boss']
  expect(await runCli(['rbac', ...args], terminal)).toBe(0)
  const objects = parseAllDocuments(terminal.stdout()).map((document): unknown => document.toJS())
  expect(objects).toMatchObject([
    { kind: 'ServiceAccount', metadata: { name: 'boss', namespace: 'company' } },
    { kind: 'Role', metadata: { namespace: 'agents' }, rules: expect.any(Array) },
    { kind: 'RoleBinding', subjects: [{ kind: 'ServiceAccount', name: 'boss', namespace: 'company' }] },
    { kind: 'Role', metadata: { namespace: 'company' }, rules: [{ resources: ['pods'], verbs: ['get'] }] },
    { kind: 'RoleBinding', metadata: { namespace: 'company' } },
  ])
  expect(terminal.stdout()).not.toContain('*')
})

it('adds the rights for a claim per agent only on request', async () => {
  const claims = async (...args: string[]): Promise<unknown> => {
    const terminal = fakeTerminal()
    expect(await runCli(['rbac', ...args], terminal)).toBe(0)
    const role = parseAllDocuments(terminal.stdout())[1]?.toJS() as {
      rules: { resources: string[]; verbs: string[] }[]
    }
    return role.rules
      .filter(({ resources }) => resources.includes('persistentvolumeclaims'))
      .flatMap(({ verbs }) => verbs)
  }
  expect(await claims()).toEqual(['get'])
  expect(await claims('--dedicated-pvc')).toEqual(['get', 'create'])
})

it.each(['--namespace', '--agent-namespace', '--service-account'])('refuses a bad name for %s', async (option) => {
  const terminal = fakeTerminal()
  expect(await runCli(['rbac', option, 'Bad Name'], terminal)).toBe(2)
  expect(terminal.stdout()).toBe('')
})
