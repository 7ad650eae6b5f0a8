// A child process: a TLS server that answers every request with one ConfigMap and counts its connections.
// argv: directory with server.crt and server.key. Sends its port, and its count on request.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const [, , folder = '.'] = process.argv
const body = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-21T09:00:00Z' },
  data: { key: 'value' },
})
let connections = 0
const server = createServer(
  { cert: readFileSync(join(folder, 'server.crt')), key: readFileSync(join(folder, 'server.key')) },
  (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
)
server.on('secureConnection', () => {
  connections += 1
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', () => process.send?.({ connections }))
process.on('disconnect', () => process.exit(0))
