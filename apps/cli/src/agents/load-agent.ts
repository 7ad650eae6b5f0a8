import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Agent } from '@agent-jobs/agent-run'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from '../input/file-reason.ts'
import { isModulePath } from './agent-names.ts'
import { agentNamed } from './agents.ts'

/** The definition of an agent: a known one by its name, any other from the module that exports it. */
export async function loadAgent(name: string): Promise<Agent> {
  if (!isModulePath(name)) return agentNamed(name)
  await access(resolve(name)).catch((cause: unknown) => {
    throw new CliError('file_unreadable', `Cannot read the module of the agent ${name}: ${fileReason(cause)}.`, {
      cause,
    })
  })
  let exported: Record<string, unknown>
  try {
    exported = (await import(pathToFileURL(resolve(name)).href)) as Record<string, unknown>
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot load the agent ${name}: ${String(cause)}`, { cause })
  }
  const [agent, ...more] = Object.values(exported).filter(isAgent)
  if (agent !== undefined && more.length === 0) return agent
  throw new CliError('usage', `${name} must export exactly one agent; it exports ${more.length > 0 ? 'more' : 'none'}.`)
}

function isAgent(value: unknown): value is Agent {
  if (typeof value !== 'object' || value === null) return false
  const member = (key: keyof Agent): unknown => Reflect.get(value, key)
  const isText = typeof member('name') === 'string' && typeof member('title') === 'string'
  return isText && (['argv', 'createParser', 'transcript'] as const).every((key) => typeof member(key) === 'function')
}
