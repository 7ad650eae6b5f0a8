import { randomUUID } from 'node:crypto'
import type { AgentDefinition, PrepareInput } from '@agent-jobs/adapter-kit'
import { commonSettings, requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'

/** Settings of every agent that only the definition of an agent can obey. */
const passedOn = ['model', 'extraArgs'] as const

/**
 * Declares that each setting of an agent's own, and each common one that the agent obeys, changes what the agent is started
 * with. `samples` has a value for each; `beside` has the settings without which it means nothing.
 */
export function settingEffectTests<Schema extends AgentDefinition['schema']>(
  definition: Pick<
    AgentDefinition<Schema>,
    'type' | 'title' | 'schema' | 'prepare' | 'executable' | 'extraPermissions'
  >,
  samples: Readonly<Record<string, unknown>>,
  beside: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): void {
  const { ctx } = paperclipContext({ adapterType: definition.type, config: {} })
  const runId = randomUUID()

  /** What a run with these settings is started with. */
  async function started(config: Readonly<Record<string, unknown>>) {
    const settings = requireSettings(definition.schema, config)
    const input: PrepareInput<typeof settings> = {
      ctx,
      run: {
        runId,
        agentId: 'agent',
        agentName: 'Agent',
        companyId: 'company',
        taskId: 'task',
        issueId: 'task',
        workspace: {
          cwd: null,
          source: null,
          strategy: null,
          id: null,
          repoUrl: null,
          repoRef: null,
          branch: null,
          worktreePath: null,
          agentHome: null,
          hints: [],
        },
        conversationMode: false,
      },
      settings,
      resume: null,
      volumeRoot: '/paperclip',
      home: '/paperclip/company/home',
      companyHome: '/paperclip/company/home',
      cwd: '/paperclip/company/work',
      stateDirectory: '/paperclip/company/agent',
      runDirectory: '/run/agent',
      bundle: { directory: null, instructionsFile: null },
      isolation: {
        mode: 'shared',
        key: null,
        keyHash: null,
        sessionScope: null,
        workspaceRoot: null,
        homeRoot: null,
        sessionRoot: null,
        cacheRoot: null,
        tmpRoot: null,
      },
      mcpServers: { docs: { command: 'docs-server' } },
      env: {},
      volume: { covers: () => true, size: async () => null, names: async () => [], text: async () => null },
    }
    return {
      prepared: await definition.prepare(input),
      program: definition.executable?.(settings),
      permissions: definition.extraPermissions?.(settings),
    }
  }

  describe(`every setting of ${definition.title}`, () => {
    const own = Object.keys(definition.schema.shape).filter((key) => !Object.hasOwn(commonSettings, key))

    it('has a sample', () => {
      expect(Object.keys(samples).toSorted()).toEqual([...own, ...passedOn].toSorted())
    })

    it.each(Object.entries(samples))('%s changes what the agent is started with', async (key, value) => {
      const others = beside[key] ?? {}
      expect(await started({ ...others, [key]: value })).not.toEqual(await started(others))
    })
  })
}
