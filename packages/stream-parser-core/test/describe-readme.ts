import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Tests that the first `ts` block of a README prints its first `text` block. */
export function describeReadme(packageFolder: string): void {
  describe('the README', () => {
    const blocks = [...readFileSync(join(packageFolder, 'README.md'), 'utf8').matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    const block = (language: string): string => blocks.find(([, name]) => name === language)?.[2] ?? ''

    it('shows an example that prints the output below it', () => {
      const printed = execFileSync(
        process.execPath,
        ['--conditions=@agent-jobs/source', '--input-type=module', '--eval', block('ts')],
        { cwd: packageFolder, encoding: 'utf8' },
      )
      expect(printed).not.toBe('')
      expect(printed).toBe(block('text'))
    })
  })
}
