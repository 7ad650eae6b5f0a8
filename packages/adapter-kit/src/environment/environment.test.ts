import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { permissions, roleYaml } from './permissions.ts'
import { probeFindings } from './probe-pod.ts'
import { serverChecks } from './server-checks.ts'

describe('the Role', () => {
  it('grants exactly what the environment test asks for', () => {
    const { rules } = parse(roleYaml()) as { rules: { resources: string[]; verbs: string[] }[] }
    const granted = rules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    )
    expect(granted.sort()).toEqual(
      permissions
        .map(({ verb, resource, subresource }) => `${verb} ${subresource ? `${resource}/${subresource}` : resource}`)
        .sort(),
    )
  })
})

describe('the probe pod', () => {
  const input = { command: 'claude', apiUrl: 'http://p', hasVolume: true, needsShell: true }
  const levels = (said: Record<string, unknown>, change: Partial<typeof input> = {}) =>
    Object.fromEntries(
      probeFindings(JSON.stringify(said), { ...input, ...change }).map(({ code, level }) => [code, level]),
    )

  it('passes when nothing is wrong', () => {
    expect(levels({ node: 'v24', version: '2.1.0', shell: '/bin/bash', writable: true, api: 200 })).toEqual({
      k8s_probe_node: 'info',
      k8s_probe_cli: 'info',
      k8s_probe_shell: 'info',
      k8s_probe_volume: 'info',
      k8s_probe_api: 'info',
    })
  })

  it('names what is missing, each with a remedy', () => {
    const checks = probeFindings(
      JSON.stringify({ node: 'v24', version: null, shell: null, writable: 'EACCES', api: 'ECONNREFUSED' }),
      input,
    )
    expect(checks.filter(({ level }) => level !== 'info').map(({ code }) => code)).toEqual([
      'k8s_probe_cli',
      'k8s_probe_shell',
      'k8s_probe_volume',
      'k8s_probe_api',
    ])
    expect(checks.filter(({ level, hint }) => level !== 'info' && hint === undefined)).toEqual([])
  })

  it.each([
    ['2.1.250 (Claude Code)', 'error'],
    ['2.0.300', 'error'],
    ['1.9.999', 'error'],
    ['2.1.251 (Claude Code)', undefined],
    ['2.1.1000', undefined],
    ['3.0.0', undefined],
    ['nightly', undefined],
  ])('judges version %j by the oldest that the model takes', (version, level) => {
    const found = probeFindings(JSON.stringify({ node: 'v24', version }), { ...input, minimumVersion: '2.1.251' })
    expect(found.find(({ code }) => code === 'k8s_probe_cli_version')?.level).toBe(level)
  })

  it('prompts only for what matters', () => {
    expect(
      Object.keys(
        levels({ node: 'v24', version: '1' }, { needsShell: false, hasVolume: false, apiUrl: null as never }),
      ),
    ).toEqual(['k8s_probe_node', 'k8s_probe_cli'])
  })
})

describe('the server', () => {
  const server = { PAPERCLIP_LISTEN_PORT: '3100' }

  it('warns about a database pool that simultaneous runs can exhaust', () => {
    const small = { code: 'paperclip_pool_small', level: 'warn', hint: expect.any(String) }
    expect(serverChecks(server)).toMatchObject([small])
    expect(serverChecks({ ...server, DATABASE_POOL_MAX: '12' })).toMatchObject([small])
    expect(serverChecks({ ...server, DATABASE_POOL_MAX: '20' })).toEqual([])
  })

  it('is not judged from elsewhere', () => {
    expect(serverChecks({})).toEqual([])
  })
})
