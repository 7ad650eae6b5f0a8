import { isWithin } from '@agent-jobs/primitives'
import { tmpdir } from 'node:os'
import { posix } from 'node:path'
import { AdapterError } from '../adapter-error.ts'
import { isRecord } from '../settings/loose-text.ts'

const homePrefix = 'paperclip-ai-'

/** The folder that Paperclip made on its own host for an AI connection; null for a run without one. */
function managedHome(env: Record<string, unknown>): string | null {
  const home = env['HOME']
  if (typeof home !== 'string') return null
  return posix.dirname(home) === tmpdir() && posix.basename(home).startsWith(homePrefix) ? home : null
}

/**
 * The run's variables without the folders that Paperclip made for an AI connection: none of them is in the pod. The
 * credential itself is a variable, except that of a ChatGPT or Grok subscription, which is a file that the CLI renews
 * (docs/paperclip-facts.md#ai-connections); such a run is refused.
 */
export function withoutManagedAiHome(configured: unknown): unknown {
  if (!isRecord(configured)) return configured
  const home = managedHome(configured)
  if (home === null) return configured
  const credentials = [
    'ANTHROPIC_API_KEY',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'OPENAI_API_KEY',
    'OPENROUTER_API_KEY',
    'XAI_API_KEY',
  ]
  if (!credentials.some((name) => typeof configured[name] === 'string' && configured[name] !== '')) {
    throw new AdapterError(
      'ai_connection_unsupported',
      'The AI connection of this agent is a subscription whose login is a file on the Paperclip server, which a pod cannot use. Connect an API key, or remove the AI connection and log the agent in on the data volume.',
    )
  }
  return Object.fromEntries(
    Object.entries(configured).filter(([, value]) => typeof value !== 'string' || !isWithin(home, value)),
  )
}
