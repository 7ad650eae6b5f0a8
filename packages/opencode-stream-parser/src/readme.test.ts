import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

describe('the README', () => {
  const folder = join(import.meta.dirname, '..')
  const blocks = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  const block = (language: string): string => blocks.find(([, name]) => name === language)?.[2] ?? ''

  it('shows an example that prints what stands below it', () => {
    const printed = execFileSync(
      process.execPath,
      ['--conditions=@agent-jobs/source', '--input-type=module', '--eval', block('ts')],
      { cwd: folder, encoding: 'utf8' },
    )
    expect(printed).toBe(block('text'))
  })
})
