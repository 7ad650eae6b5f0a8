import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

const folder = () => mkdtemp(join(tmpdir(), 'cli-manifests-'))

interface Printed {
  kind: string
  metadata: { namespace: string; name: string }
  spec: { template: { spec: { containers: { image: string }[] } } }
}

async function print(...args: string[]) {
  const terminal = fakeTerminal()
  const code = await runCli(['manifests', ...args], terminal)
  const objects = parseAllDocuments(terminal.stdout()).map((document) => document.toJS() as Printed)
  return { code, objects, out: terminal.stdout(), err: terminal.stderr() }
}

describe('agent-jobs manifests', () => {
  it('prints a server with values from files and flags; flags win', async () => {
    const file = join(await folder(), 'values.yaml')
    await writeFile(file, 'server:\n  image: registry.example/old:1\nservice:\n  port: 8080\n')
    const { code, objects } = await print(
      '-n',
      'company',
      '--values',
      file,
      '--set',
      'server.image=registry.example/new:2',
    )
    expect(code).toBe(0)
    expect(objects.map(({ kind }) => kind)).toContain('StatefulSet')
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['company', 'company-agents', undefined]),
    )
    const server = objects.find(({ kind }) => kind === 'StatefulSet')
    expect(server?.spec.template.spec.containers[0]?.image).toBe('registry.example/new:2')
    expect(objects.find(({ kind }) => kind === 'Service')?.spec).toMatchObject({ ports: [{ port: 8080 }] })
  })

  it('prints only the rights when the server is disabled', async () => {
    const { objects } = await print('--set', 'server.enabled=false')
    expect(objects.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'Role',
      'RoleBinding',
    ])
  })

  it.each([
    ['kustomize', 'kustomization.yaml'],
    ['helm', 'Chart.yaml'],
    ['yaml', 'manifests.yaml'],
  ])('writes the files of the format %s', async (format, file) => {
    const target = join(await folder(), 'out')
    const { code, out } = await print('--format', format, '--output', target)
    expect([code, out]).toEqual([0, expect.stringContaining('Wrote ')])
    expect(await readdir(target)).toContain(file)
    expect(await readFile(join(target, file), 'utf8')).not.toBe('')
  })

  it('prints all values with their descriptions', async () => {
    const { out } = await print('--show-values')
    expect(out).toContain('# Size of the data volume.\n  size: 20Gi')
  })

  it.each([
    [['--format', 'helm'], 'Pass a folder with `--output`'],
    [['--set', 'server.imagee=x'], 'server: Unrecognized key: "imagee"'],
    [['--set', 'server'], 'Expected key=value for `--set`, got `server`'],
    [['--values', '/absent/values.yaml'], 'Could not read values from /absent/values.yaml'],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await print(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})
