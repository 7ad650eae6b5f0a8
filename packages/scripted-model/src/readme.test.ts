import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { scenarios } from './index.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))

describe('the README', () => {
  it('has an example that does what it says', async () => {
    const readme = await readFile(`${folder}/README.md`, 'utf8')
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const args = ['--conditions=@agent-jobs/source', '--input-type=module-typescript', '--eval', example]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
    expect(stdout.trim()).toBe(/```text\n(.*)\n```/.exec(readme)?.[1])
  })

  it('names every scenario', async () => {
    const readme = await readFile(`${folder}/README.md`, 'utf8')
    for (const name of Object.keys(scenarios)) expect(readme).toContain(`\`${name}\``)
  })
})
