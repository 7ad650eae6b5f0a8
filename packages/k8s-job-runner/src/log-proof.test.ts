import { encodeFrame, type EndRecord } from '@agent-jobs/frames'
import type { OpenLogOptions } from '@agent-jobs/kube-api'
import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { isEndProvenByLog } from './log-proof.ts'
import type { RunnerContext } from './runner-context.ts'

const end: EndRecord = {
  type: 'end',
  frames: 4,
  exitCode: 0,
  signal: null,
  durationMs: 900,
  stoppedBy: null,
  stdoutBytes: 1,
  stderrBytes: 0,
}
const lineOf = (record: object): Buffer =>
  encodeFrame({ seq: 4, stream: 'l', time: 1, payload: Buffer.from(JSON.stringify(record)), flag: '.' })

/** One answer to a request for the newest line: what it sends, and whether it then stays open, ends or breaks. */
interface Answer {
  status?: number
  sends?: (Buffer | string)[]
  ends: 'never' | 'clean' | 'reset'
}
const record = lineOf(end)
const held: Answer = { sends: [record], ends: 'never' }
const ended: Answer = { sends: [record], ends: 'clean' }

/** Asks for a proof against a kubelet that gives these answers in turn, and the last one again after them. */
async function prove(answers: readonly Answer[], evidence: Partial<Evidence> = {}, abortAfterMs?: number) {
  const clock = createManualClock()
  const requests: OpenLogOptions[] = []
  let open = 0
  async function* body({ sends = [], ends }: Answer, signal: AbortSignal | undefined) {
    open += 1
    try {
      for (const bytes of sends) yield Buffer.from(bytes)
      if (ends === 'reset') throw new Error('connection reset')
      if (ends === 'never') await clock.sleep(Infinity, signal)
    } finally {
      open -= 1
    }
  }
  const client = {
    openLog: async (request: OpenLogOptions) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)] ?? ended
      requests.push(request)
      return { status: answer.status ?? 200, body: body(answer, request.signal) }
    },
  }
  const stop = new AbortController()
  const context = { client, namespace: 'n', clock } as unknown as RunnerContext
  const all: Evidence = { container: 'main', pod: { metadata: { name: 'p' } }, end, ...evidence }
  const proof = isEndProvenByLog(context, all, stop.signal)
  const settled = proof.catch(() => undefined)
  await clock.advance(abortAfterMs ?? 5_000)
  if (abortAfterMs !== undefined) stop.abort(new Error('decided'))
  await settled
  return { proof, requests, open: () => open, sleepers: clock.sleepers }
}

describe('the proof of an end by the log', () => {
  it('asks to follow the log of exactly this container from its newest line', async () => {
    const { proof, requests } = await prove([held, ended])
    expect(await proof).toBe(true)
    expect(requests).toHaveLength(3)
    expect(requests[0]).toMatchObject({ namespace: 'n', pod: 'p', container: 'main', follow: true, tailLines: 1 })
  })

  it('is given once the request stayed open while the container ran and then ended twice in a row', async () => {
    expect(await (await prove([held, held, held, ended])).proof).toBe(true)
    expect(await (await prove([held, ended, held, ended])).proof).toBe(true)
  })

  it.each<[string, Answer[]]>([
    ['the container keeps running', [held]],
    ['the server never follows', [ended]],
    ['the kubelet dies while a request is open', [held, ended, { status: 500, sends: ['refused'], ends: 'clean' }]],
    ['one clean end is followed by an open request', [held, ended, held]],
    ['the connection breaks', [held, { sends: [record], ends: 'reset' }]],
    ['the log is forbidden', [held, { status: 403, sends: ['{}'], ends: 'clean' }]],
    [
      'the runtime answers with an error as text',
      [held, { sends: ['unable to retrieve container logs'], ends: 'clean' }],
    ],
    ['the log is empty', [held, { ends: 'clean' }]],
    ['nothing is answered', [{ ends: 'never' }]],
    ['another record is the newest line', [held, { sends: [lineOf({ ...end, exitCode: 1 })], ends: 'clean' }]],
    ['something was printed after the record', [held, { sends: [record, 'still here\n'], ends: 'clean' }]],
    ['the newest line is not a frame', [held, { sends: ['still here\n'], ends: 'clean' }]],
    ['the newest line does not end', [held, { sends: ['x'.repeat(9_000)], ends: 'never' }]],
  ])('is not given when %s', async (_, answers) => {
    const { proof, requests } = await prove(answers)
    expect(await proof).toBe(false)
    expect(requests.length).toBeLessThanOrEqual(10)
  })

  it('is given when the line arrives in pieces', async () => {
    const pieces = [record.subarray(0, 5), record.subarray(5)]
    expect(
      await (
        await prove([
          { sends: pieces, ends: 'never' },
          { sends: pieces, ends: 'clean' },
        ])
      ).proof,
    ).toBe(true)
  })

  it('leaves no request and no timer behind, however it ends', async () => {
    for (const answers of [[held, ended], [held], [ended], [{ ends: 'never' as const }]]) {
      const { open, sleepers } = await prove(answers)
      expect({ open: open(), sleepers }).toEqual({ open: 0, sleepers: 0 })
    }
  })

  it('stops at once when its signal aborts', async () => {
    const { proof, open, sleepers } = await prove([held], {}, 30)
    await expect(proof).rejects.toThrow('decided')
    expect({ open: open(), sleepers }).toEqual({ open: 0, sleepers: 0 })
  })

  it('does not ask without a pod or an end record', async () => {
    expect((await prove([ended], { pod: undefined })).requests).toEqual([])
    expect((await prove([ended], { end: undefined })).requests).toEqual([])
  })
})
