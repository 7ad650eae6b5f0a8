import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClusterPool } from '@agent-jobs/adapter-kit'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const cluster = process.env['KUBECONFIG']
const heard = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe.skipIf(!cluster)('Claude Code in trouble on a real cluster (needs KUBECONFIG)', () => {
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await realPaperclipPlace(claudeAgent, 'adapter-e2e')
  })
  afterAll(() => place.close())

  type Overrides = Omit<Parameters<typeof paperclipContext>[0], 'config'>
  async function run(
    scenario: string,
    extra: Record<string, unknown> = {},
    { adapter = place.adapter(), ...overrides }: Overrides & { adapter?: ReturnType<PaperclipPlace['adapter']> } = {},
  ) {
    const config = place.config(scenario, extra)
    const ids = { runId: randomUUID(), agentId: randomUUID(), taskId: randomUUID() }
    const { ctx, told } = paperclipContext({ ...ids, ...overrides, config })
    return { result: await adapter.execute(ctx), told }
  }
  /** The scripted model runs what is between backticks. */
  const running = (command: string, extra: Record<string, unknown> = {}, overrides: Overrides = {}) =>
    run(
      'tool',
      { promptTemplate: `Run \`${command}\`.`, ...extra },
      { context: { paperclipTaskMarkdown: '' }, ...overrides },
    )
  const continued = { conversationContinuation: 'continue_conversation_v1' }

  it.concurrent('waits for a subscription whose limit is reached, until the time that was stated', async () => {
    const { env } = place.config('usage-limit') as { env: Record<string, string> }
    const { result, told } = await run('usage-limit', {
      env: { ...env, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-0123456789' },
      inheritedEnvDeny: 'ANTHROPIC_API_KEY',
    })
    expect(result, heard(told)).toMatchObject({
      errorCode: 'quota_exhausted',
      errorFamily: 'provider_quota',
      retryNotBefore: '2100-01-01T00:00:00.000Z',
      billingType: 'subscription',
      sessionId: expect.any(String),
      resultJson: continued,
    })
    expect(JSON.stringify(told)).not.toContain('sk-ant-oat01')
  })

  it.concurrent('recovers from an answer that is cut off, without counting it twice', async () => {
    const { result, told } = await run('cut')
    expect(result, heard(told)).toMatchObject({ exitCode: 0, summary: expect.stringContaining('This answer to') })
    expect(heard(told)).toContain('"subtype":"api_retry"')
  })

  it.concurrent('says that the output was cut when its process is killed', async () => {
    const { result, told } = await running('kill -9 $PPID')
    expect(result, heard(told)).toMatchObject({
      errorCode: 'claude_truncated',
      errorMessage: expect.stringContaining('SIGKILL'),
      sessionId: expect.any(String),
      usage: { outputTokens: expect.any(Number) },
      resultJson: { ...continued, agentSignal: 'SIGKILL' },
    })
  })

  it.concurrent('says that memory ran out when it takes too much itself', async () => {
    const { result, told } = await running('true', {
      'resources.requests.memory': '64Mi',
      'resources.limits.memory': '96Mi',
    })
    expect(result, heard(told)).toMatchObject({
      errorCode: 'oom_killed',
      errorMessage: expect.stringContaining('memory'),
      resultJson: { ...continued, agentJob: { outcome: 'oom_killed' } },
    })
  })

  it.concurrent('survives when its command takes too much memory, or reports that memory ran out', async () => {
    const { result, told } = await running('tail /dev/zero', { 'resources.limits.memory': '640Mi' })
    // A kubelet that kills one process leaves the agent to see it; one that kills the whole container does not.
    const end = result.exitCode === 0 ? result.summary : result.errorCode
    expect(end, heard(told)).toMatch(/Exit code 137|^oom_killed$/)
  })

  it.concurrent('is stopped when it lingers after its result, and the result stays', async () => {
    const lingering = join(place.folder, 'bin', 'lingering-claude')
    writeFileSync(lingering, '#!/bin/sh\nclaude "$@"\nexec sleep 600\n')
    chmodSync(lingering, 0o755)
    const { result, told } = await run('text', {
      agentCommand: '/paperclip/bin/lingering-claude',
      hangAfterResultSec: '1',
    })
    expect(result, heard(told)).toMatchObject({
      exitCode: 0,
      summary: expect.stringContaining('You asked'),
      resultJson: { warning: expect.stringContaining('stopped because it did not exit') },
    })
    expect(result.errorMessage).toBeUndefined()
  })

  it.concurrent('clears a session that only Claude can know is gone', async () => {
    const sessionParams = { sessionId: randomUUID(), cwd: '/paperclip' }
    const { result, told } = await run(
      'text',
      {},
      { adapter: place.adapter({ serverPath: () => null }), runtime: { sessionParams } },
    )
    expect(result, heard(told)).toMatchObject({
      errorCode: 'session_unavailable',
      clearSession: true,
      sessionParams: null,
      resultJson: continued,
    })
  })

  it.concurrent('reports a pod deleted by someone else', async () => {
    const agentId = randomUUID()
    const atWork = place.model.asked('hang')
    const busy = run('hang', { graceSec: 1 }, { agentId })
    await Promise.race([atWork, busy])
    const labelSelector = `paperclip.io/agent-id=${agentId}`
    const { items } = await place.client.list(kinds.Pod, { namespace: place.namespace, labelSelector })
    await Promise.all(
      items.map(({ metadata }) =>
        place.client.delete(kinds.Pod, { name: metadata?.name ?? '', namespace: place.namespace }),
      ),
    )
    const { result, told } = await busy
    expect(result, heard(told)).toMatchObject({
      errorCode: 'k8s_job_deleted_externally',
      errorFamily: 'transient_upstream',
      sessionId: expect.any(String),
      resultJson: continued,
    })
  })

  it.concurrent('stops at the limit of turns, and starts a new session after it', async () => {
    const { result, told } = await run('loop', { maxTurnsPerRun: '2' })
    expect(result, heard(told)).toMatchObject({
      errorCode: 'max_turns',
      clearSession: true,
      exitCode: 1,
      resultJson: continued,
    })
  })

  it.concurrent('reports the work of a sub-agent with its own, once', async () => {
    const { result, told } = await run('subagent')
    expect(result, heard(told)).toMatchObject({ exitCode: 0, usageBasis: 'per_run' })
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(heard(told)).toContain('"parent_tool_use_id":"')
  })

  it.concurrent('follows no links that an agent leaves on the volume', async () => {
    const agentId = randomUUID()
    const theirs = join(place.folder, 'instances', 'default', 'servers-own')
    mkdirSync(theirs, { recursive: true })
    const old = join(theirs, 'old.json')
    writeFileSync(old, '[]')
    utimesSync(old, 0, 0)
    const plant =
      'cd $CLAUDE_CONFIG_DIR/.. && rm -rf tokens journal && ln -s ../../../../servers-own tokens && ln -s tokens journal'
    const first = await running(plant, {}, { agentId })
    expect(first.result, heard(first.told)).toMatchObject({ exitCode: 0 })
    const clusters = createClusterPool({ env: place.deps.env })
    const second = await run('text', {}, { agentId, adapter: place.adapter({ clusters }) })
    await clusters.close()
    expect(second.result, heard(second.told)).toMatchObject({ exitCode: 0 })
    expect(heard(second.told)).toContain('A part of the path is a link')
    expect(readdirSync(theirs)).toEqual(['old.json'])
  })
})
