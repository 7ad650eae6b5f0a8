import { realPaperclipPlace } from '@agent-jobs/paperclip-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codexAgent } from '../test/codex-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('Codex in the image of the agents (needs KUBECONFIG)', () => {
  let place: Awaited<ReturnType<typeof realPaperclipPlace>>
  beforeAll(async () => {
    place = await realPaperclipPlace(codexAgent, 'codex-environment-e2e')
  })
  afterAll(() => place.close())

  const test = async (extra: Record<string, unknown>) => {
    const config = place.config('text', { environmentProbe: true, ...extra })
    const { checks } = await place.adapter().testEnvironment({ companyId: 'c', adapterType: 'codex_k8s', config })
    return {
      probed: checks.filter(({ code }) => code.startsWith('k8s_probe_cli')),
      all: JSON.stringify(checks, null, 1),
    }
  }

  it('passes its environment test with the version that the image has', async () => {
    const { probed, all } = await test({})
    expect(probed, all).toEqual([
      {
        code: 'k8s_probe_cli',
        level: 'info',
        message: expect.stringMatching(/^"codex" is version codex-cli \d+\.\d+/),
      },
    ])
  })

  it('fails its environment test with a command that the image lacks', async () => {
    const { probed, all } = await test({ agentCommand: 'no-such-codex' })
    expect(probed, all).toMatchObject([
      { code: 'k8s_probe_cli', level: 'error', message: 'The image has no working "no-such-codex".' },
    ])
  })

  it('lists the models of the image’s Codex, without those that users cannot choose', async () => {
    const models = await place.adapter().refreshModels?.()
    expect(models).toEqual(expect.arrayContaining([{ id: 'gpt-5.5', label: expect.stringMatching(/GPT-5\.5/i) }]))
    expect(new Set(models?.map(({ id }) => id)).size).toBe(models?.length)
  })
})
