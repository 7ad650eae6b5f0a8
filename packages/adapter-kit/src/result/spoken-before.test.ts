import { describe, expect, it } from 'vitest'
import { spokenBefore } from './spoken-before.ts'

describe('the comments of an adopted run', () => {
  const signal = new AbortController().signal
  const asked: string[] = []
  const ask = (answer: () => Response, authToken: string | undefined = 'token') =>
    spokenBefore(
      {
        env: { PAPERCLIP_API_URL: 'http://paperclip' },
        fetch: async (url, init) => {
          asked.push(`${String(url)} ${new Headers(init?.headers).get('authorization')}`)
          return answer()
        },
      },
      { authToken },
      { taskId: 'task-1', runId: 'run-1', signal },
    )

  it('are those of the run that started the Job', async () => {
    const comments = [{ createdByRunId: null }, { createdByRunId: 'run-1' }]
    expect(await ask(() => Response.json(comments))).toBe(true)
    expect(asked).toEqual(['http://paperclip/api/issues/task-1/comments Bearer token'])
    expect(await ask(() => Response.json([{ createdByRunId: 'run-0' }]))).toBe(false)
  })

  it('are taken for none where Paperclip cannot be asked, so that the summary is not lost', async () => {
    expect(await ask(() => new Response('no', { status: 503 }))).toBe(false)
    expect(await ask(() => new Response('{'))).toBe(false)
    const down = (): Response => {
      throw new TypeError('fetch failed')
    }
    expect(await ask(down)).toBe(false)
    expect(await ask(() => Response.json([{ createdByRunId: 'run-1' }]), '')).toBe(false)
  })
})
