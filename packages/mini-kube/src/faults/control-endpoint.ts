import type { IncomingMessage, ServerResponse } from 'node:http'
import { forbidden, pathNotFound } from '../api-error.ts'
import type { User } from '../api/user.ts'
import { parseObject, readBody, sendJson } from '../api/respond.ts'
import type { Fault, FaultHandle } from './fault.ts'
import type { Faults } from './faults.ts'

const shown = ({ id, fault, hits }: FaultHandle) => ({ id, fault, hits })

/**
 * `/mini-kube/faults`: GET lists, POST injects one, DELETE clears all, DELETE `/mini-kube/faults/ID` removes one.
 * Requires the administrator's token. While the API is "down", it works only from inside the process.
 */
export async function serveFaults(
  faults: Faults,
  path: string,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (!path.startsWith('/mini-kube/')) return false
  if (!user.groups.includes('system:masters')) {
    throw forbidden(
      { group: '', plural: 'faults', kind: 'Fault' },
      undefined,
      `User "${user.name}" may not inject faults`,
    )
  }
  const [, , what, id] = path.split('/')
  if (what !== 'faults') throw pathNotFound()
  if (request.method === 'GET') sendJson(response, 200, { items: faults.list().map(shown) })
  else if (request.method === 'POST') {
    const fault = parseObject(await readBody(request))
    sendJson(response, 201, shown(await faults.inject(fault as unknown as Fault)))
  } else if (request.method === 'DELETE') {
    if (id === undefined || id === '') await faults.clear()
    else await faults.remove(id)
    sendJson(response, 200, { items: faults.list().map(shown) })
  } else throw pathNotFound()
  return true
}
