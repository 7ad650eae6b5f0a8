// A log endpoint in a process of its own, so that what it costs is not counted. The pod's name says what it prints:
// `bulk` as fast as it is read, `idle` one line and silence, `busy` two lines a second, `drip` a line every 10 ms.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeFrame } from '@agent-jobs/frames'

const bulkBytes = 64 * 1024 * 1024
const chunkBytes = 65_536

function stamp(): string {
  const ms = Date.now()
  return `${new Date(ms).toISOString().slice(0, 23)}000000Z `
}

function line(seq: number, payload: string): Buffer {
  const frame = encodeFrame({ seq, stream: 'o', time: Date.now(), payload: Buffer.from(payload), flag: '.' })
  return Buffer.concat([Buffer.from(stamp()), frame])
}

function bulk(): Buffer {
  const lines: Buffer[] = []
  let size = 0
  for (let seq = 0; size < bulkBytes; seq++) {
    // Agents print JSON lines of some hundred bytes, now and then one of some kilobytes.
    const text = 'lorem ipsum '.repeat(seq % 40 === 0 ? 400 : 3 + (seq % 30))
    const bytes = line(seq, JSON.stringify({ type: 'assistant', seq, message: { content: [{ type: 'text', text }] } }))
    lines.push(bytes)
    size += bytes.length
  }
  const end = {
    type: 'end',
    frames: lines.length,
    exitCode: 0,
    signal: null,
    durationMs: 1,
    stoppedBy: null,
    stdoutBytes: 0,
    stderrBytes: 0,
  }
  const payload = Buffer.from(JSON.stringify(end))
  lines.push(
    Buffer.from(stamp()),
    encodeFrame({ seq: lines.length, stream: 'l', time: Date.now(), payload, flag: '.' }),
  )
  return Buffer.concat(lines)
}

const everything = bulk()
const lastLine = everything.subarray(everything.lastIndexOf(10, -2) + 1)
const busy = new Map<ServerResponse, number>()
const drips = new Map<ServerResponse, number>()

function tick(streams: Map<ServerResponse, number>, isDue: (index: number) => boolean): void {
  let index = 0
  for (const [response, seq] of streams) {
    if (!isDue(index++)) continue
    response.write(line(seq, JSON.stringify({ at: performance.timeOrigin + performance.now(), text: 'x'.repeat(180) })))
    streams.set(response, seq + 1)
  }
}
let turn = 0
// Each turn another fiftieth of the busy streams prints, so that they do not all print at once.
const busyTimer = setInterval(() => {
  turn = (turn + 1) % 50
  tick(busy, (index) => index % 50 === turn)
}, 10)
const dripTimer = setInterval(() => tick(drips, () => true), 10)

const server = createServer((request, response) => {
  const kind = /\/pods\/([a-z]+)/.exec(request.url ?? '')?.[1]
  response.on('error', () => response.destroy())
  response.on('close', () => {
    busy.delete(response)
    drips.delete(response)
  })
  response.writeHead(200, { 'content-type': 'text/plain' })
  if (kind === 'bulk' && request.url?.includes('tailLines=') === true) {
    response.end(lastLine)
    return
  }
  if (kind === 'bulk') {
    let at = 0
    const more = (): void => {
      while (at < everything.length) {
        const chunk = everything.subarray(at, at + chunkBytes)
        at += chunk.length
        if (!response.write(chunk)) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
    return
  }
  response.write(line(0, '{"at":0}'))
  if (request.url?.includes('follow=true') !== true) response.end()
  else if (kind === 'busy') busy.set(response, 1)
  else if (kind === 'drip') drips.set(response, 1)
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => {
  clearInterval(busyTimer)
  clearInterval(dripTimer)
  server.closeAllConnections()
  server.close()
})
