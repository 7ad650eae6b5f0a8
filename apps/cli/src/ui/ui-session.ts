import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Who may use the page: only the browser that opened the address with the one-time token. */
export interface UiSession {
  /** Part of the printed address; valid until it is used. */
  readonly token: string
  /** The cookie for a browser that shows the token, once; null for a wrong or used one. */
  redeem(token: string | null): string | null
  /** Whether a request carries the cookie. */
  isKnown(request: IncomingMessage): boolean
}

const cookieName = 'agent-jobs-ui'

/** Makes the secrets of one server. */
export function createUiSession(): UiSession {
  const token = randomBytes(24).toString('base64url')
  const cookie = randomBytes(24).toString('base64url')
  let isUsed = false
  return {
    token,
    redeem(shown) {
      if (isUsed || shown === null || !isSame(shown, token)) return null
      isUsed = true
      // Cookies do not depend on the port, so its name is unique enough; scripts of the page cannot read it.
      return `${cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/`
    },
    isKnown({ headers }) {
      const cookies = (headers.cookie ?? '').split(/; */)
      return cookies.some(
        (each) => each.startsWith(`${cookieName}=`) && isSame(each.slice(cookieName.length + 1), cookie),
      )
    },
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Why a request is refused before it is handled; null for one that comes from the page itself. */
export function refusalOf({ method, headers }: IncomingMessage, port: number): string | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]
  // A name that an attacker's DNS points to 127.0.0.1 is another host.
  if (!hosts.includes(headers.host ?? '')) return 'This server answers to 127.0.0.1 only.'
  if (method === 'GET' || method === 'HEAD') return null
  const isOwn = hosts.some((host) => headers.origin === `http://${host}`)
  return isOwn ? null : 'Requests of other pages are refused.'
}
