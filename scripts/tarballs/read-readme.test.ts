import { describe, expect, it } from 'vitest'
import { importedPackages, readReadme } from './read-readme.ts'

const fence = '```'
const readme = `# one

    npm install --save-dev one @scope/two

${fence}ts
import { one } from 'one'
${fence}

prints:

${fence}text
1
2
${fence}

## More

${fence}text
3
${fence}
`

describe('readReadme', () => {
  it('finds what is to be installed, the example, and what it prints', () => {
    expect(readReadme(readme)).toEqual({
      installs: ['one', '@scope/two'],
      example: "import { one } from 'one'\n",
      prints: '1\n2\n',
    })
  })

  it('does not take the block of another section for what the example prints', () => {
    expect(readReadme(readme.replace(/prints:[\s\S]*?## More/, '## More')).prints).toBeUndefined()
    expect(readReadme('# nothing\n')).toEqual({ installs: [], example: undefined, prints: undefined })
  })
})

describe('importedPackages', () => {
  it.each([
    ["import { a } from 'one'", ['one']],
    ["import type { a } from '@scope/two/deep'", ['@scope/two']],
    ["export {\n  a,\n} from 'one/deep'", ['one']],
    ["import 'one'\nconst b = await import('two')", ['one', 'two']],
    ["import a from 'node:fs'\nimport b from './b.ts'", []],
    ["import a from 'one'\nimport b from 'one'", ['one']],
  ])('of %j are %j', (code, names) => expect(importedPackages(code)).toEqual(names))
})
