// A Paperclip server's process that only runs agents, for tests that kill it. Prints each run's log on stdout.
import { createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { paperclipContext } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from './claude-agent.ts'

/** The input of such a process, as JSON in its last argument. */
export interface Doom {
  env: Record<string, string>
  /** Where it mounts the data volume. */
  folder: string
  runs: { runId: string; agentId: string; taskId: string; config: Record<string, unknown> }[]
}

const { env, folder, runs } = JSON.parse(process.argv.at(-1) ?? '') as Doom
const adapter = claudeAgent.adapter(
  systemDependencies({ env, clusters: createClusterPool({ env }), serverPath: () => folder }),
)
await Promise.all(
  runs.map((run) => {
    const onLog = async (_stream: string, chunk: string): Promise<void> => {
      process.stdout.write(`${JSON.stringify({ agentId: run.agentId, chunk })}\n`)
    }
    return adapter.execute(paperclipContext({ ...run, onLog }).ctx)
  }),
)
