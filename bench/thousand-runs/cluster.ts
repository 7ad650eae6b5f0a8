// A mini-kube in a process of its own behind TLS. Its pods are functions that print a line a second as the launcher would,
// and end when the parent says so. argv: folder with server.crt and server.key, folder of the volume.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { encodeFrame } from '@agent-jobs/frames'
import { startMiniKube } from '@agent-jobs/mini-kube'

const [, , keys = '', volume = ''] = process.argv
const finish = new AbortController()
let lists: string[] = []
let requests = 0

const kube = await startMiniKube({
  honourUser: false,
  namespaces: ['agents'],
  claims: { 'agents/data': volume },
  capacity: { cpu: '4000', memory: '8000Gi' },
  images: { 'agent:1': { run: printLines } },
  onRequest({ method, path }) {
    requests += 1
    const isList = method === 'GET' && !/[?&]watch=(?:1|true)/.test(path) && /\/(?:jobs|pods)(?:\?|$)/.test(path)
    if (isList) lists.push(path)
  },
})

/** Prints what the launcher prints around an agent that says something each second. */
async function printLines({
  stdout,
  signal,
}: {
  stdout: (text: Uint8Array) => void
  signal: AbortSignal
}): Promise<number> {
  let seq = 0
  let bytes = 0
  const write = (stream: 'o' | 'l', value: unknown): void => {
    const payload = Buffer.from(JSON.stringify(value))
    if (stream === 'o') bytes += payload.length
    stdout(encodeFrame({ seq: seq++, stream, time: Date.now(), payload, flag: '.' }))
  }
  const session_id = crypto.randomUUID()
  write('l', { type: 'start', version: 1, pid: 1, startedAt: Date.now() })
  write('o', { type: 'system', subtype: 'init', session_id, model: 'claude-sonnet-4-5', tools: [], cwd: '/' })
  const over = AbortSignal.any([signal, finish.signal])
  await new Promise<void>((resolve) => {
    const text = 'Reading the next file of the repository before changing it. '.repeat(3)
    const say = (): void => {
      const message = { id: `m${seq}`, role: 'assistant', content: [{ type: 'text', text }], usage: {} }
      write('o', { type: 'assistant', session_id, message, uuid: crypto.randomUUID() })
    }
    const timer = setInterval(say, 1_000)
    const stop = (): void => {
      clearInterval(timer)
      resolve()
    }
    if (over.aborted) stop()
    else over.addEventListener('abort', stop, { once: true })
  })
  const usage = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }
  const result = { type: 'result', subtype: 'success', is_error: false, result: 'Done.', num_turns: 1, usage }
  write('o', { ...result, session_id, total_cost_usd: 0.01, duration_ms: 1, duration_api_ms: 1 })
  const end = { type: 'end', frames: seq, exitCode: 0, signal: null, durationMs: 1, stoppedBy: null }
  write('l', { ...end, stdoutBytes: bytes, stderrBytes: 0 })
  return 0
}

const { port } = new URL(kube.url)
const front = createServer(
  { cert: readFileSync(join(keys, 'server.crt')), key: readFileSync(join(keys, 'server.key')) },
  (outside) => {
    const inside = connect(Number(port), '127.0.0.1')
    const close = (): void => {
      outside.destroy()
      inside.destroy()
    }
    outside.on('error', close).on('close', close).pipe(inside)
    inside.on('error', close).on('close', close).pipe(outside)
  },
)
front.listen(0, '127.0.0.1', () => {
  process.send?.({ kubeConfig: kube.kubeConfig(), token: kube.token, port: (front.address() as AddressInfo).port })
})
process.on('message', (order: 'count' | 'finish') => {
  if (order === 'finish') finish.abort()
  else {
    process.send?.({ lists, requests })
    lists = []
    requests = 0
  }
})
process.on('disconnect', () => process.exit(0))
