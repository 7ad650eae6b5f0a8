import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

/** A proxy on loopback that records its targets. */
export interface TestProxy extends AsyncDisposable {
  readonly url: string
  /** `host:port` of each tunnel, in order. */
  readonly tunnels: string[]
}

/** Connects two sockets; when one breaks, so does the other. */
function join(a: Socket, b: Socket): void {
  // Tests cut connections; the error of a broken end is for its own side.
  pipeline(a, b, () => undefined)
  pipeline(b, a, () => undefined)
}

async function serve(scheme: string, server: Server, tunnels: string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket)).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An HTTP proxy: `CONNECT host:port`. */
export function startHttpProxy(): Promise<TestProxy> {
  const tunnels: string[] = []
  const server = createHttpServer((_, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '' }, socket: Socket) => {
    tunnels.push(url)
    const [host, port] = url.split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      join(socket, target)
    })
  })
  return serve('http', server, tunnels)
}

/** A SOCKS 5 proxy without passwords, for addresses of IPv4 and for names (RFC 1928). */
export function startSocksProxy(): Promise<TestProxy> {
  const tunnels: string[] = []
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]))
      socket.once('data', (request: Buffer) => {
        const isName = request[3] === 3
        const nameEnd = 5 + (request[4] ?? 0)
        const host = isName ? request.toString('latin1', 5, nameEnd) : [...request.subarray(4, 8)].join('.')
        const port = request.readUInt16BE(isName ? nameEnd : 8)
        tunnels.push(`${host}:${port}`)
        const target = connect(port, host, () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          join(socket, target)
        })
      })
    })
  })
  return serve('socks5', server, tunnels)
}
