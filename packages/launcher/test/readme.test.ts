import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noticeCodes, startErrorCodes } from '@agent-jobs/frames'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

it('has an example that runs unchanged and prints the documented output', () => {
  // Inside the package, so that the example's imports resolve as they would for a user.
  const folder = mkdtempSync(join(root, 'node_modules', '.readme-'))
  try {
    const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
    const [printed = ''] = /(?<=```text\n)[\s\S]+?(?=```)/.exec(readme) ?? []
    writeFileSync(join(folder, 'example.mjs'), example.replace('@agent-jobs/launcher', join(root, 'src/index.ts')))
    const args = ['--conditions=@agent-jobs/source', join(folder, 'example.mjs')]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    const steady = (text: string): string =>
      text.replaceAll(/ \d{13} \d+ /g, ' T ').replaceAll(/"(pid|startedAt|durationMs)":\d+/g, '"$1":N')
    expect(stderr).toBe('')
    expect(steady(stdout)).toBe(steady(printed))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('explains every code', () => {
  for (const code of [...startErrorCodes, ...noticeCodes]) expect(readme).toContain(`\`${code}\``)
})
