import type { RequestReport } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { shownServer } from './resolve-cluster.ts'

/** Ends a command whose credentials the server refuses from the start. */
export interface CredentialsGate {
  onRequest(report: RequestReport): void
  /** The result of a call, or an error as soon as the credentials are known to be refused. */
  orRefused<T>(call: Promise<T>): Promise<T>
}

// A token that is reloaded after a 401 gets a second chance; so does a server that is still starting.
const refusalsToBelieve = 3

/**
 * Before the first successful answer, a 401 means wrong credentials, and the user should see that at once.
 * Later, the token may be rotating, and the runner waits for that.
 */
export function credentialsGate(server: string): CredentialsGate {
  const refused = Promise.withResolvers<never>()
  // Owned by `orRefused`; without a call no caller needs it.
  refused.promise.catch(() => undefined)
  let refusals = 0
  let accepted = false
  return {
    onRequest({ status }) {
      if (status === 401 && !accepted) refusals += 1
      else if (status !== 0) accepted = true
      if (refusals >= refusalsToBelieve && !accepted) refused.reject(unauthorized(server))
    },
    orRefused: (call) =>
      new Promise((resolve, reject) => {
        call.then(resolve, reject)
        refused.promise.catch(reject)
      }),
  }
}

function unauthorized(server: string): CliError {
  return new CliError(
    'unauthorized',
    `${shownServer(server)} does not accept your credentials (401 Unauthorized). Log in to the cluster again, or pass another --context; \`kubectl auth whoami\` shows who you are.`,
  )
}
