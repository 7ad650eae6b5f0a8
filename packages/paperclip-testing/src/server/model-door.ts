import { request as forward } from 'node:http'
import { createServer } from 'node:https'
import { closeServer, listen } from './listening.ts'
import { testAuthority } from '../test-authority.ts'

/** A model provider's own address, with a model behind it. */
export interface ModelDoor {
  /** The authority that signed its certificate, PEM. */
  readonly ca: string
  /** The keys that callers gave, in order. */
  readonly keys: readonly string[]
  close(): Promise<void>
}

/** Answers for this name of a provider on port 443 of an address, and passes each call to a scenario of a model. */
export async function openModelDoor({
  name,
  address,
  target,
}: {
  name: string
  address: string
  target: string
}): Promise<ModelDoor> {
  const { ca, cert, key } = testAuthority([`DNS:${name}`])
  const keys: string[] = []
  const server = createServer({ cert, key }, (request, response) => {
    const { method, url = '/', headers } = request
    keys.push(String(headers['x-api-key'] ?? headers.authorization ?? ''))
    const to = new URL(target + url)
    const onward = forward(to, { method, headers: { ...headers, host: to.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.once('error', () => response.destroy())
    request.pipe(onward)
  })
  await listen(server, 443, address)
  return {
    ca,
    keys,
    close: () => closeServer(server),
  }
}
