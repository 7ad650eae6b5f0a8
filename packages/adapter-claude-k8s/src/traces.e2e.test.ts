import { randomUUID } from 'node:crypto'
import { createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import {
  eventually,
  paperclipContext,
  realPaperclipPlace,
  type PaperclipPlace,
  type Told,
} from '@agent-jobs/paperclip-testing'
import type { MessageReply, Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'
import { openCollector, type OtlpCollector, type ReceivedSpan } from '../test/otlp-collector.ts'

const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

const bash = (command: string): MessageReply => ({
  kind: 'message',
  blocks: [{ type: 'tool', name: 'Bash', input: { command, description: 'Work' } }],
})
const say = (text: string): MessageReply => ({ kind: 'message', blocks: [{ type: 'text', text }] })
const twoTurns =
  (command: string): Scenario =>
  (request, { earlier }) =>
    request.side ? say('A title') : earlier === 0 ? bash(command) : say('Done.')

const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')
const traceIdOf = (runId: string) => runId.replaceAll('-', '')

/** The spans whose parent did not arrive. */
function orphans(spans: readonly ReceivedSpan[]): string[] {
  const known = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`))
  return spans
    .filter(({ traceId, parentSpanId }) => parentSpanId && !known.has(`${traceId} ${parentSpanId}`))
    .map(({ name }) => name)
}

describe.skipIf(!process.env['KUBECONFIG'])(
  'the traces of Claude Code on a real cluster (needs KUBECONFIG; with OTELCOL, in a real collector)',
  { timeout: 120_000 },
  () => {
    let place: PaperclipPlace
    let collector: OtlpCollector
    const open: { close(): Promise<void> }[] = []
    beforeAll(async () => {
      collector = await openCollector(bridge)
      place = await realPaperclipPlace(claudeAgent, 'traces-e2e', {
        quick: twoTurns('echo hello'),
        slow: twoTurns('sleep 4'),
      })
    })
    afterAll(async () => {
      for (const each of open) await each.close()
      await place.close()
      await collector[Symbol.asyncDispose]()
    })

    /** A server process with its own memory. */
    function server() {
      const env = {
        ...place.deps.env,
        AGENT_JOBS_OTLP_ENDPOINT: collector.endpoint,
        AGENT_JOBS_AGENT_OTLP_ENDPOINT: collector.podEndpoint,
      }
      const clusters = createClusterPool({ env })
      open.push(clusters)
      const { serverPath } = place.deps
      return claudeAgent.adapter(systemDependencies({ env, clusters, serverPath, state: freshState() }))
    }
    const config = (scenario: string) => {
      const { env, ...rest } = place.config(scenario) as { env: Record<string, string> }
      return {
        ...rest,
        env: { ...env, OTEL_EXPORTER_OTLP_PROTOCOL: collector.protocol, OTEL_BSP_SCHEDULE_DELAY: '500' },
      }
    }
    let latest: unknown
    const arrived = (names: readonly string[], ...runIds: readonly string[]) =>
      eventually(
        async () => {
          const traces = new Set(runIds.map(traceIdOf))
          const spans = (await collector.spans()).filter(({ traceId }) => traces.has(traceId))
          const present = new Set(spans.map(({ name }) => name))
          const isComplete = names.every((name) => present.has(name)) && orphans(spans).length === 0
          latest = { names: [...present].sort(), orphans: orphans(spans) }
          return isComplete ? spans : null
        },
        `${names.join(', ')} without orphans`,
        30_000,
      ).catch((error: unknown) => {
        throw new Error(`Only this arrived: ${JSON.stringify(latest)}`, { cause: error })
      })

    const ours = ['run', 'schedule', 'start', 'first_line', 'agent', 'turn', 'tool', 'end', 'clean_up'].map(
      (name) => `agent_jobs.${name}`,
    )
    const claudes = ['claude_code.interaction', 'claude_code.llm_request', 'claude_code.tool']

    it('are one for each run, from the Job to the tools, with the spans of Claude Code itself', async () => {
      const adapter = server()
      const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config: config('quick') })
      const result = await adapter.execute(ctx)
      expect(result, logOf(told)).toMatchObject({ exitCode: 0, summary: 'Done.' })
      const spans = await arrived([...ours, ...claudes], ctx.runId)
      expect(spans.filter(({ parentSpanId }) => !parentSpanId).map(({ name }) => name)).toEqual(['agent_jobs.run'])
      const agent = spans.find(({ name }) => name === 'agent_jobs.agent')
      const interaction = spans.find(({ name }) => name === 'claude_code.interaction')
      expect(interaction?.parentSpanId).toBe(agent?.spanId)
      expect(JSON.stringify(spans)).not.toMatch(claudeAgent.secrets)
    })

    it('keep their agent, without orphans, when another server adopts the Job', async () => {
      const ids = { agentId: randomUUID(), taskId: randomUUID() }
      const lost = new AbortController()
      const begun = Promise.withResolvers<void>()
      const { ctx: killed } = paperclipContext({
        ...ids,
        runId: randomUUID(),
        config: config('slow'),
        signal: lost.signal,
        onLog: async (_stream, chunk) => {
          if (chunk.includes('"tool_use"')) begun.resolve()
        },
      })
      const first = server().execute(killed)
      await Promise.race([begun.promise, first])
      lost.abort(new Error('Legacy controller lease lost'))
      expect(await first).toMatchObject({ errorCode: 'k8s_run_detached' })
      const { ctx, told } = paperclipContext({ ...ids, runId: randomUUID(), config: config('slow') })
      const result = await server().execute(ctx)
      expect(result, logOf(told)).toMatchObject({ resultJson: { agentJob: { adoptedFromRun: killed.runId } } })
      const spans = await arrived(['agent_jobs.agent', 'agent_jobs.tool', ...claudes], killed.runId, ctx.runId)
      const [adopter, replaced] = [ctx.runId, killed.runId].map((runId) =>
        spans.find(({ name, traceId }) => name === 'agent_jobs.run' && traceId === traceIdOf(runId)),
      )
      expect(adopter?.links).toMatchObject([{ traceId: replaced?.traceId, spanId: replaced?.spanId }])
      const inside = spans.filter(({ name }) => name === 'agent_jobs.agent' || name.startsWith('claude_code.'))
      expect(new Set(inside.map(({ traceId }) => traceId))).toEqual(new Set([replaced?.traceId]))
    })
  },
)
