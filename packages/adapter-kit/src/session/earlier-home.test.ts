import { describe, expect, it } from 'vitest'
import { earlierHomeNote } from './earlier-home.ts'

describe('the home that agents of earlier adapters shared', () => {
  const state = '/paperclip/instances/default/data/agent-jobs/c/a'
  const note = (files: Record<string, string[]>, home = `${state}/home`) =>
    earlierHomeNote({
      volume: { names: async (path) => files[path] ?? [] },
      root: '/paperclip',
      home,
      stateDirectory: state,
    })
  const earlier = ['.ssh', 'instances', '.gitconfig', '.bash_history']

  it('is pointed out at the first run of an agent, with what is in it', async () => {
    expect(await note({ '/paperclip': earlier, [state]: ['tokens'] })).toBe(
      `Agents of earlier adapters shared /paperclip/ as their home, with .gitconfig, .ssh in it. This agent has its own: copy what it needs to ${state}/home`,
    )
  })

  it('is not mentioned later, nor where it is still the home, nor when it is empty', async () => {
    expect(await note({ '/paperclip': earlier, [state]: ['claude', 'tokens'] })).toBeNull()
    expect(await note({ '/paperclip': earlier }, '/paperclip')).toBeNull()
    expect(await note({ '/paperclip': ['instances'] })).toBeNull()
  })
})
