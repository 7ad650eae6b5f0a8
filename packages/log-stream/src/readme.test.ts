import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

describe('the README', () => {
  it('has an example that prints what the README claims', async () => {
    const [, example = '', prints = ''] = /```ts\n([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/.exec(readme) ?? []
    const [, command = ''] = /`kubectl run hello .* -- (.*?)`/.exec(readme) ?? []
    // Inside the package, so that the example's imports resolve as they would for a user.
    const folder = await mkdtemp(join(root, 'test', 'example-'))
    await using kube = await startMiniKube({ images: { '*': {} } })
    try {
      await writeFile(join(folder, 'config'), kube.kubeConfig())
      await writeFile(join(folder, 'example.ts'), example)
      const spec = {
        restartPolicy: 'Never',
        containers: [{ name: 'hello', image: 'busybox', args: command.split(' ') }],
      }
      await fetch(`${kube.url}/api/v1/namespaces/default/pods`, {
        method: 'POST',
        headers: { authorization: `Bearer ${kube.token}` },
        body: JSON.stringify({ metadata: { name: 'hello' }, spec }),
      })
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=@agent-jobs/source', join(folder, 'example.ts')],
        { env: { ...process.env, KUBECONFIG: join(folder, 'config') } },
      )
      expect(stdout).toBe(prints)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('names every option, every error code and every diagnostic', () => {
    const named = (file: string, pattern: RegExp): string[] =>
      [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(pattern)].map((match) => match[1] ?? '')
    const options = named('follow-options.ts', /^ {2}(\w+)\??: /gm)
    const codes = named('log-stream-error.ts', /^ {2}\| '(\w+)'/gm)
    const diagnostics = named('log-item.ts', /^ {2}\| '(\w+)'/gm)
    expect(options.length).toBeGreaterThan(10)
    expect(diagnostics.length).toBeGreaterThan(10)
    for (const name of [...options, ...codes, ...diagnostics]) expect(readme).toContain(`\`${name}\``)
  })
})
