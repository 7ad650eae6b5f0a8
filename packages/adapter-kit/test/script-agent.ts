import { z } from 'zod'
import type { AgentDefinition } from '../src/agent/agent-definition.ts'
import { commonSettings } from '../src/settings/common-settings.ts'

/** An agent that is a Node.js script; its whole output is its result. */
export function scriptAgent(script: string): AgentDefinition {
  return {
    type: 'caller_k8s',
    name: 'caller',
    title: 'Caller',
    env: {},
    argv: () => [],
    transcript: () => [],
    credentialEnv: [],
    conversationType: 'claude_local',
    jobNamePrefix: 'caller',
    containerName: 'caller',
    bundleFolder: 'caller-cache',
    schema: z.object(commonSettings),
    runtimeToolDelivery: 'environment',
    documentation: '',
    models: [],
    isSessionId: () => false,
    sessionBoundToDirectory: false,
    findSession: async () => 'unknown',
    errorNames: {},
    prepare: async () => ({
      argv: ['node', '--input-type=module', '-e', script],
      env: {},
      files: [],
      notes: [],
      warnings: [],
    }),
    billing: () => ({ provider: 'none', biller: 'none', billingType: 'unknown' }),
    createParser() {
      let heard = ''
      const usage = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
      const none = { sessionId: null, model: null, costUsd: null, isError: false, errorCode: null, errorMessage: null }
      return {
        finished: false,
        line: (text) => void (heard += `${text}\n`),
        feed: (chunk) => void (heard += String(chunk)),
        end: () => ({ ...none, usage, result: heard, finished: true }),
      }
    },
  }
}
