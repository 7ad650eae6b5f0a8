import { describe, expect, it } from 'vitest'
import { childEnv, containerEnv, withPath } from './child-env.ts'

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

  it('begins its PATH with the directories of the spec, also in a container without one', () => {
    expect(withPath({ PATH: '/usr/bin' }, ['/a', '/b'])).toEqual({ PATH: '/a:/b:/usr/bin' })
    expect(withPath({}, ['/a'])['PATH']).toMatch(/^\/a:.*\/usr\/bin:/)
    expect(withPath({ A: '1' })).toEqual({ A: '1' })
  })

  it('survives a shell in between: dropped names are restored, names of the shell removed', () => {
    const container = { PATH: '/bin', 'dotted.name': 'd', '1st': 'f', OLDPWD: '/before', LINES: 'a\nb=c', EMPTY: '' }
    const { 'dotted.name': _d, '1st': _f, ...through } = container
    const afterShell = {
      ...through,
      PWD: '/work',
      SHLVL: '1',
      _: '/bin/node',
      OLDPWD: '/changed',
      AGENT_JOBS_INIT: '1',
    }
    const given = Object.entries(container).map(([name, value]) => `${name}=${value}\0`)
    expect(childEnv(containerEnv(afterShell, () => given.join('')))).toEqual(container)
  })

  it('is separated from that of a shell as far as possible without help from the system', () => {
    const afterShell = { PATH: '/bin', PWD: '/work', SHLVL: '1', _: '/bin/node', AGENT_JOBS_INIT: '1' }
    const read = (): string => {
      throw new Error('ENOENT')
    }
    expect(childEnv(containerEnv(afterShell, read))).toEqual({ PATH: '/bin' })
  })

  it('is unchanged without a shell in between', () => {
    const env = { PATH: '/bin', PWD: '/work' }
    expect(containerEnv(env)).toBe(env)
  })
})
