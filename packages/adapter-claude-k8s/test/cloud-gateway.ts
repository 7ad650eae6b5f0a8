import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'

/** Replaces Bedrock and Vertex, and forwards to a model that speaks Anthropic's own protocol. */
export interface CloudGateway {
  url: string
  /** Requested paths. */
  asked: string[]
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>
}

/** One message of AWS's event stream: lengths, their checksum, headers, payload, checksum of it all. */
function eventMessage(payload: string): Buffer {
  const header = ([name, value]: [string, string]) => {
    const text = Buffer.from(value)
    const size = Buffer.alloc(3)
    size.writeUInt8(7)
    size.writeUInt16BE(text.length, 1)
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), size, text])
  }
  const headers = Buffer.concat(
    Object.entries({ ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' }).map(
      header,
    ),
  )
  const body = Buffer.from(JSON.stringify({ bytes: Buffer.from(payload).toString('base64') }))
  const message = Buffer.alloc(12 + headers.length + body.length + 4)
  message.writeUInt32BE(message.length)
  message.writeUInt32BE(headers.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  headers.copy(message, 12)
  body.copy(message, 12 + headers.length)
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4)
  return message
}

/** Starts it. */
export async function startCloudGateway(modelUrl: string): Promise<CloudGateway> {
  const asked: string[] = []
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? '')
    asked.push(path)
    const bedrock = /^\/model\/(?<model>.+)\/invoke(?<stream>-with-response-stream)?$/.exec(path)?.groups
    const vertex = /\/models\/(?<model>[^/]+):(?:stream)?[rR]awPredict$/.exec(path)?.groups
    const model = bedrock?.['model'] ?? vertex?.['model']
    if (model === undefined || request.method !== 'POST') {
      response.writeHead(404).end('{}')
      return
    }
    const stream = bedrock ? bedrock['stream'] !== undefined : /stream/i.test(path)
    const reply = await fetch(`${modelUrl}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...(await bodyOf(request)), model, stream }),
    })
    const text = await reply.text()
    if (!bedrock || !stream || !reply.ok) {
      response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? 'application/json' })
      response.end(text)
      return
    }
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })
    for (const [, data = ''] of text.matchAll(/^data: (.*)$/gm)) response.write(eventMessage(data))
    response.end()
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
