import { errorMessage } from '@agent-jobs/primitives'
import type { ProxySpec } from '../launch-spec.ts'
import type { FrameOutput } from './frame-output.ts'

/** The command's variables for the proxy. */
export interface ProxyForCommand {
  readonly env: Readonly<Record<string, string>>
  /** Why the proxy cannot be offered; undefined if it is, or if none was requested. */
  readonly problem: string | undefined
}

/** Opens the proxy. A run continues without it: the agent may not need it. */
export async function openProxy(spec: ProxySpec | undefined, out: FrameOutput): Promise<ProxyForCommand> {
  if (spec === undefined) return { env: {}, problem: undefined }
  const failed = (error: unknown): string => `The proxy cannot be offered: ${errorMessage(error)}`
  try {
    // Loaded only here: most runs do not need it and start faster without it.
    const { startProxy } = await import('./proxy/start-proxy.ts')
    const proxy = await startProxy(spec, { unreachable: (message) => out.notice('proxy_unreachable', message) })
    proxy.looked.catch((error: unknown) => out.notice('proxy_failed', failed(error)))
    return { env: proxy.env, problem: undefined }
  } catch (error) {
    return { env: {}, problem: failed(error) }
  }
}
