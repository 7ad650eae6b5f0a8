import { randomUUID } from 'node:crypto'
import { miniPaperclipPlace, paperclipContext, type PaperclipPlace } from '@agent-jobs/paperclip-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'
import { startCloudGateway, type CloudGateway } from '../test/cloud-gateway.ts'

describe('Claude Code whose model a cloud serves', () => {
  let place: PaperclipPlace
  let gateway: CloudGateway
  beforeAll(async () => {
    place = await miniPaperclipPlace(claudeAgent)
    gateway = await startCloudGateway(place.model.scenarioUrl('text'))
  })
  afterAll(async () => {
    await gateway.close()
    await place.close()
  })

  it.each([
    [
      'Bedrock',
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      () => ({
        CLAUDE_CODE_USE_BEDROCK: '1',
        CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
        AWS_REGION: 'us-east-1',
        ANTHROPIC_BEDROCK_BASE_URL: gateway.url,
      }),
      'aws_bedrock',
      /^\/model\/us\.anthropic\.claude-sonnet-4-5-20250929-v1:0\/invoke/,
    ],
    [
      'Vertex',
      'claude-sonnet-4-5@20250929',
      () => ({
        CLAUDE_CODE_USE_VERTEX: '1',
        CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
        CLOUD_ML_REGION: 'us-east5',
        ANTHROPIC_VERTEX_PROJECT_ID: 'project-1',
        ANTHROPIC_VERTEX_BASE_URL: gateway.url,
      }),
      'google_vertex',
      /\/publishers\/anthropic\/models\/claude-sonnet-4-5@20250929:/,
    ],
  ])('asks %s for the model, and says who is paid', async (_cloud, model, env, biller, path) => {
    const config = { ...place.config('text'), model, env: { ...env(), CLAUDE_CODE_MAX_RETRIES: '1' } }
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config })
    const result = await place.adapter().execute(ctx)
    expect(result, told.log.map(({ chunk }) => chunk).join('') + gateway.asked.join('\n')).toMatchObject({
      exitCode: 0,
      summary: expect.stringContaining('You asked'),
      provider: 'anthropic',
      biller,
      billingType: 'metered_api',
      usageBasis: 'per_run',
    })
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(gateway.asked.some((asked) => path.test(asked))).toBe(true)
  })
})
