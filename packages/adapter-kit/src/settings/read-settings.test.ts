import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import { commonSettings } from './common-settings.ts'
import { configForm, settingEntries, settingsTable } from './config-form.ts'
import { readSettings, requireSettings } from './read-settings.ts'

const schema = z.object(commonSettings)

function problemsOf(config: Record<string, unknown>): string[] {
  const read = readSettings(schema, config)
  return read.ok ? [] : read.problems.map(({ key, message }) => `${key}: ${message}`)
}

describe('settings', () => {
  it('have defaults when nothing is configured', () => {
    expect(requireSettings(schema, {})).toMatchObject({
      imagePullPolicy: 'IfNotPresent',
      'resources.requests.cpu': '1000m',
      'resources.limits.memory': '8Gi',
      timeoutSec: 0,
      graceSec: 60,
      retainJobs: false,
      reattachOrphanedJobs: true,
      ttlSecondsAfterFinished: 3600,
      extraArgs: [],
    })
  })

  it('treats empty form values as absent', () => {
    const blank = Object.fromEntries(Object.keys(commonSettings).map((key) => [key, '']))
    expect(requireSettings(schema, blank)).toEqual(requireSettings(schema, {}))
    expect(requireSettings(schema, { nodeSelector: '  ' }).nodeSelector).toBeUndefined()
  })

  it('distinguishes an explicit empty value from a blank', () => {
    expect(requireSettings(schema, { nodeSelector: '{}', tolerations: '[]' })).toMatchObject({
      nodeSelector: {},
      tolerations: [],
    })
  })

  it('read dotted and nested keys alike', () => {
    const nested = requireSettings(schema, { resources: { requests: { cpu: '2' }, limits: { memory: '16Gi' } } })
    expect(nested['resources.requests.cpu']).toBe('2')
    expect(nested['resources.limits.memory']).toBe('16Gi')
    const flat = requireSettings(schema, { 'resources.requests.cpu': '3', resources: { requests: { cpu: '2' } } })
    expect(flat['resources.requests.cpu']).toBe('3')
  })

  it('read numbers and switches from texts', () => {
    expect(
      requireSettings(schema, { timeoutSec: ' 90 ', retainJobs: 'true', reattachOrphanedJobs: 'off' }),
    ).toMatchObject({
      timeoutSec: 90,
      retainJobs: true,
      reattachOrphanedJobs: false,
    })
  })

  it.each([
    [{ timeoutSec: 'soon' }, 'timeoutSec'],
    [{ timeoutSec: -1 }, 'timeoutSec'],
    [{ 'resources.limits.memory': '8 gigs' }, 'resources.limits.memory'],
    [{ imagePullPolicy: 'Sometimes' }, 'imagePullPolicy'],
    [{ tolerations: 'a=b:Never' }, 'tolerations'],
    [{ labels: 'free text' }, 'labels'],
    [{ retainJobs: 'perhaps' }, 'retainJobs'],
    [{ mcpServers: '[]' }, 'mcpServers'],
  ])('refuse %j by name', (config, key) => {
    expect(problemsOf(config)).toHaveLength(1)
    expect(problemsOf(config)[0]).toMatch(new RegExp(`^${key.replaceAll('.', String.raw`\.`)}: `))
  })

  it('name every problem at once, with a code', () => {
    const attempt = () => requireSettings(schema, { timeoutSec: 'x', labels: 'y' })
    expect(attempt).toThrow(/"labels": .*"timeoutSec": Invalid input: expected number, received string/)
    expect(attempt).toThrow(AdapterError)
  })

  it('leave keys of others alone', () => {
    expect(readSettings(schema, { paperclipRuntimeSkills: [{}], whatever: Symbol.iterator })).toMatchObject({
      ok: true,
    })
  })
})

describe("Paperclip's form", () => {
  const form = configForm(schema)
  const fieldOf = (key: string) => form.fields.find((candidate) => candidate.key === key)

  it('has only field types that Paperclip renders', () => {
    const types = new Set(['text', 'select', 'toggle', 'number', 'textarea', 'combobox'])
    expect(form.fields.filter(({ type }) => !types.has(type))).toEqual([])
  })

  it('leaves out fields that Paperclip shows on its own', () => {
    expect(['model', 'promptTemplate', 'extraArgs', 'env', 'cwd'].map(fieldOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('marks secrets and shows dependent fields only when they matter', () => {
    expect(fieldOf('kubeconfig')?.meta).toEqual({ secret: true })
    expect(fieldOf('volumeFolders')?.meta).toEqual({ visibleWhen: { key: 'volumeAccess', value: 'company' } })
  })

  it('has a default for every number, since Paperclip would write 0', () => {
    expect(
      form.fields.filter(({ type, default: fallback }) => type === 'number' && typeof fallback !== 'number'),
    ).toEqual([])
  })

  it('puts the default of a select first, since Paperclip takes the first option', () => {
    const selects = form.fields.filter(({ type }) => type === 'select')
    expect(selects.length).toBeGreaterThan(0)
    expect(selects.map(({ options }) => options?.[0]?.value)).toEqual(selects.map((field) => field.default))
  })

  it('can be filled with its own defaults', () => {
    const defaults = Object.fromEntries(form.fields.map(({ key, default: fallback }) => [key, fallback]))
    expect(requireSettings(schema, defaults)).toEqual(requireSettings(schema, {}))
  })

  it('becomes a table with a row for each setting', () => {
    const lines = settingsTable(schema).split('\n')
    expect(lines).toHaveLength(settingEntries(schema).length + 2)
    expect(lines).toContain('| `graceSec` | number | `60` | Time between asking the agent to stop and killing it. |')
  })
})
