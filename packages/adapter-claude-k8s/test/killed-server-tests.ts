import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { paperclipContext, type PaperclipPlace } from '@agent-jobs/paperclip-testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Doom } from './doomed-server.ts'

const program = fileURLToPath(new URL('doomed-server.ts', import.meta.url))

const typesOf = (log: string) =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { type: string }).type)

/** Tests for killing the process that runs agents in mid-run, wherever their pods run. */
export function killedServerTests(open: () => Promise<PaperclipPlace>, { agents }: { agents: number }): void {
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await open()
  })
  const running = new Set<ChildProcess>()
  afterAll(async () => {
    for (const server of running) server.kill('SIGKILL')
    await place.close()
  })

  // The server may take any time to return, so the agents work until the test releases them.
  const config = () =>
    place.config('tool', {
      promptTemplate: 'Run `echo begun; until [ -e "$CLAUDE_CONFIG_DIR/go" ]; do sleep 0.2; done; echo done`.',
    })
  const letGo = (companyId: string, agentId: string) =>
    writeFileSync(join(place.folder, 'instances/default/data/agent-jobs', companyId, agentId, 'claude/go'), '')
  const context = { paperclipTaskMarkdown: '' }

  /** Runs them in a separate process, and kills it when each has printed something. */
  async function runAndKill(runs: Doom['runs']): Promise<void> {
    const doom: Doom = { env: place.deps.env as Record<string, string>, folder: place.folder, runs }
    const args = ['--conditions=@agent-jobs/source', program, JSON.stringify(doom)]
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(server)
    const spoke = new Set<string>()
    let heard = ''
    const ended = once(server, 'exit')
    for await (const line of createInterface({ input: server.stdout })) {
      const { agentId, chunk } = JSON.parse(line) as { agentId: string; chunk: string }
      heard += chunk
      if (chunk.includes('"subtype":"init"')) spoke.add(agentId)
      if (spoke.size === runs.length) server.kill('SIGKILL')
    }
    running.delete(server)
    expect(await ended, heard).toEqual([null, 'SIGKILL'])
  }

  it(`is adopted by the next process, and by the one after it: ${agents} agents, all output, once`, async () => {
    const again = (runs: Doom['runs']) => runs.map((run) => Object.assign({}, run, { runId: randomUUID() }))
    const first = Array.from({ length: agents }, () => ({
      runId: randomUUID(),
      agentId: randomUUID(),
      taskId: randomUUID(),
      config: config(),
      context,
    }))
    await runAndKill(first)
    await runAndKill(again(first))
    const ends = await Promise.all(
      again(first).map(async (run) => {
        const { ctx, told } = paperclipContext({
          ...run,
          onLog: async (_stream, chunk) => {
            if (chunk.includes('"subtype":"init"')) letGo(ctx.agent.companyId, ctx.agent.id)
          },
        })
        const result = await place.adapter().execute(ctx)
        return { result, log: told.log.map(({ chunk }) => chunk).join('') }
      }),
    )
    for (const [index, { result, log }] of ends.entries()) {
      expect(result, log).toMatchObject({
        exitCode: 0,
        summary: expect.stringContaining('begun'),
        resultJson: { agentJob: { adoptedFromRun: first[index]?.runId, outputComplete: true } },
      })
      const types = typesOf(log)
      expect(types.filter((type) => type === 'result')).toHaveLength(1)
      expect(log.split('"subtype":"init"')).toHaveLength(2)
      const lines = log.split('\n').filter((line) => line.startsWith('{'))
      expect(new Set(lines).size).toBe(lines.length)
      // No line is missing either: every agent did the same. Claude Code reports long commands by system events.
      const said = (all: string[]) => all.filter((type) => type !== 'system')
      expect(said(types)).toEqual(said(typesOf(ends[0]?.log ?? '')))
    }
  }, 120_000)
}
