import { describe, expect, it } from 'vitest'
import { addToNewest, apiChanges, apiSection } from './api-changes.ts'

const fence = '```'
const report = (...blocks: string[]): string =>
  `# API of @agent-jobs/one\n\n## @agent-jobs/one\n\n${fence}ts\n${blocks.join('\n\n')}\n${fence}\n`
const before = report('interface Kept {\n    a: string;\n}', 'function gone(): void;', 'const changed: number;')
const after = report('interface Kept {\n    a: string;\n}', 'const changed: string;', 'abstract class Fresh {\n}')

describe('the API changes of a release', () => {
  it('are what was added, changed and removed', () => {
    expect(apiChanges(before, after)).toEqual({ added: ['#Fresh'], removed: ['#gone'], changed: ['#changed'] })
  })

  it('are a section of the changelog, behind what the newest version says', () => {
    const changelog = '# one\n\n## 2.0.0\n\n- A fix.\n\n## 1.0.0\n\n- First.\n'
    expect(addToNewest(changelog, apiSection(apiChanges(before, after)))).toBe(
      '# one\n\n## 2.0.0\n\n- A fix.\n\n### API\n\n- Added: `Fresh`\n- Changed: `changed`\n- Removed: `gone`\n\n## 1.0.0\n\n- First.\n',
    )
  })

  it('leave the changelog alone when there are none', () => {
    expect(addToNewest('# one\n\n## 1.0.0\n', apiSection(apiChanges(before, before)))).toBe('# one\n\n## 1.0.0\n')
  })
})
