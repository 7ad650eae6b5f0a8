import { describe, expect, it } from 'vitest'
import { childEnv, hiddenVariables } from './child-env.ts'

describe('the environment of the command', () => {
  it('is that of the container without our own variables', () => {
    expect(childEnv({ A: '1', AGENT_JOBS_SPEC: '{}', AGENT_JOBS_STDIN_0: 'x' })).toEqual({ A: '1' })
  })

  it('has the variables of the spec over it, and not those to be unset', () => {
    expect(childEnv({ A: '1', B: '2', C: '3' }, { B: 'x', D: 'y' }, ['C', 'absent'])).toEqual({
      A: '1',
      B: 'x',
      D: 'y',
    })
  })

  it('lets a set variable win over its own unset', () => {
    expect(childEnv({ A: '1' }, { A: '2' }, ['A'])).toEqual({ A: '2' })
  })

  it('survives a shell between: dropped names come back, names of the shell go', () => {
    const container = { PATH: '/bin', 'dotted.name': 'd', '1st': 'f', OLDPWD: '/before' }
    const { 'dotted.name': _d, '1st': _f, ...through } = hiddenVariables(container)
    const afterShell = { ...through, PWD: '/work', SHLVL: '1', _: '/usr/bin/node', OLDPWD: '/changed' }
    expect(childEnv(afterShell)).toEqual(container)
  })
})
