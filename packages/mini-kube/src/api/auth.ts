import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../api-error.ts'
import type { Clock } from '@agent-jobs/primitives'
import type { User } from './user.ts'

const unauthorized = () => new ApiError(401, 'Unauthorized', 'Unauthorized')

interface Claims {
  aud: string[]
  exp: number
  iat: number
  iss: string
  sub: string
  'kubernetes.io': {
    namespace: string
    serviceaccount: { name: string; uid: string }
    pod?: { name: string; uid: string }
  }
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Knows who a bearer token belongs to and makes tokens for ServiceAccounts. */
export class Tokens {
  readonly adminToken: string
  readonly #key = randomBytes(32)
  readonly #clock: Clock
  readonly #named = new Map<string, User>()

  constructor(clock: Clock, adminToken?: string) {
    this.#clock = clock
    this.adminToken = adminToken ?? randomBytes(24).toString('base64url')
  }

  /** Lets a test act as any user. */
  add(token: string, user: User): void {
    this.#named.set(token, user)
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }

  /** A token as TokenRequest creates it, in three parts, so that clients can decode it. */
  issue(
    account: { namespace: string; name: string; uid: string },
    seconds: number,
    pod?: { name: string; uid: string },
  ) {
    const now = Math.floor(this.#clock.wallTime() / 1_000)
    const claims: Claims = {
      aud: ['https://kubernetes.default.svc'],
      exp: now + seconds,
      iat: now,
      iss: 'https://kubernetes.default.svc',
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
      'kubernetes.io': {
        namespace: account.namespace,
        serviceaccount: { name: account.name, uid: account.uid },
        ...(pod === undefined ? {} : { pod }),
      },
    }
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
    return { token: `${text}.${this.#sign(text)}`, expiresAt: claims.exp * 1_000 }
  }

  /** The user of an Authorization header; throws 401 for an unknown token. */
  authenticate(header: string | undefined): User {
    if (header === undefined) return { name: 'system:anonymous', groups: ['system:unauthenticated'] }
    const token = /^bearer (.+)$/i.exec(header)?.[1]?.trim()
    if (token === undefined) throw unauthorized()
    if (sameText(token, this.adminToken)) {
      return { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
    }
    return this.#named.get(token) ?? this.#serviceAccount(token)
  }

  /** The name behind an Authorization header, or undefined for an unknown token. */
  nameOf(header: string | undefined): string | undefined {
    try {
      return this.authenticate(header).name
    } catch (error) {
      if (ApiError.isInstance(error)) return undefined
      throw error
    }
  }

  #serviceAccount(token: string): User {
    const [head, body, signature] = token.split('.')
    if (head === undefined || body === undefined || signature === undefined) throw unauthorized()
    if (!sameText(signature, this.#sign(`${head}.${body}`))) throw unauthorized()
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims
    if (claims.exp * 1_000 <= this.#clock.wallTime()) throw unauthorized()
    const { namespace, serviceaccount, pod } = claims['kubernetes.io']
    return {
      name: claims.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      ...(pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [pod.name],
              'authentication.kubernetes.io/pod-uid': [pod.uid],
            },
          }),
    }
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
