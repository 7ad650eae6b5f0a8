/** How to reach the server: its TLS, and the proxy on the way. */
export interface ConnectionSettings {
  readonly tls: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
    readonly servername?: string | undefined
    /** False only where the user said `insecure-skip-tls-verify`. */
    readonly rejectUnauthorized: boolean
  }
  readonly proxyUrl?: string | undefined
}
