import { isLoopbackUrl } from '../paperclip-api/mcp-servers.ts'

type Env = Readonly<Record<string, string | undefined>>

function firstUrl(...urls: (string | null | undefined)[]): string | null {
  for (const url of urls) if (url && url.trim() !== '') return url.trim().replace(/\/+$/, '')
  return null
}

/**
 * Finds the URL by which a pod reaches Paperclip. The server's own idea of it is often its loopback address, which in
 * another pod means that pod itself; the address of the server's pod is used instead.
 */
export function podApiUrl(input: {
  setting: string | undefined
  configured: string | null
  env: Env
  serverPodIp: string | null
}): { url: string | null; warning: string | null } {
  const { env, serverPodIp } = input
  const explicit = firstUrl(input.setting, input.configured)
  if (explicit !== null) return { url: explicit, warning: null }
  const own = firstUrl(env['PAPERCLIP_API_URL'], env['PAPERCLIP_RUNTIME_API_URL'])
  if (own !== null && !isLoopbackUrl(own)) return { url: own, warning: null }
  const listen = env['PAPERCLIP_LISTEN_HOST'] ?? env['HOST'] ?? 'localhost'
  const port = env['PAPERCLIP_LISTEN_PORT'] ?? env['PORT'] ?? (own === null ? '3100' : new URL(own).port || '80')
  const bindsLoopback = ['localhost', '127.0.0.1', '::1'].includes(listen.trim())
  if (serverPodIp !== null && !bindsLoopback) {
    return { url: `http://${serverPodIp.includes(':') ? `[${serverPodIp}]` : serverPodIp}:${port}`, warning: null }
  }
  return {
    url: own,
    warning:
      'Agent pods cannot reach Paperclip\'s API: the server knows only its loopback address. Set "paperclipApiUrl" in the agent\'s settings or PAPERCLIP_API_URL on the server.',
  }
}
