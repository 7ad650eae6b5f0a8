import { describe, expect, it } from 'vitest'
import { onlyInstalls, readBlocks } from './read-blocks.ts'

const fence = '```'
const page = `# Page

${fence}sh run=mini-kube,cluster
agent-jobs ps
${fence}

1. First

   ${fence}sh not-run="needs Docker"
   kind create cluster
     indented
   ${fence}

${fence}console run=here
$ node -v
v24
$ node -p 1
1
${fence}

${fence}text
not a command
${fence}

${fence}sh
npm install @agent-jobs/cli
${fence}
`

describe('readBlocks', () => {
  const blocks = readBlocks('page.md', page)

  it('reads where a block is executed, or why it is not', () => {
    expect(blocks.map(({ line, places, reason }) => ({ line, places, reason }))).toEqual([
      { line: 3, places: ['mini-kube', 'cluster'], reason: undefined },
      { line: 9, places: [], reason: 'needs Docker' },
      { line: 14, places: ['here'], reason: undefined },
      { line: 25, places: [], reason: undefined },
    ])
  })

  it('reads the commands without the indentation of a list and without output', () => {
    expect(blocks.slice(0, 3).map(({ commands }) => commands)).toEqual([
      'agent-jobs ps\n',
      'kind create cluster\n  indented\n',
      'node -v\nnode -p 1\n',
    ])
  })

  it('refuses a place that does not exist', () => {
    expect(() => readBlocks('page.md', `${fence}sh run=mars\nls\n${fence}\n`)).toThrow('unknown place: mars')
  })

  it('knows a block that only installs packages', () => {
    expect(blocks.map(onlyInstalls)).toEqual([false, false, false, true])
  })
})
