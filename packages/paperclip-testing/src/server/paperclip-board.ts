import { randomUUID } from 'node:crypto'
import { eventually } from '../eventually.ts'
import type { ApiAnswer } from './api-call.ts'

/** The fields of a run that tests read. */
export interface BoardRun {
  id: string
  status: string
  errorCode: string | null
  error: string | null
  livenessState?: string | null
  sessionIdBefore: string | null
  sessionIdAfter: string | null
  /** What the UI shows of it; only in the long form. */
  execution?: { phase: string; label: string }
  usageJson: Record<string, unknown> | null
  resultJson: Record<string, unknown> | null
}

/** The fields of an issue that tests read. */
export interface BoardIssue {
  id: string
  status: string
  activeRecoveryAction: unknown
  scheduledRetry: unknown
  executionBlocker?: unknown
}

/** The actions and views of the people of one company. */
export interface Board {
  readonly company: string
  /** Calls the API and throws if it refuses. */
  must<T>(method: string, path: string, body?: unknown): Promise<T>
  /** Installs the package of an adapter, or replaces it, from a tarball that the server can read. */
  installAdapter(adapterType: string, tarball: string): Promise<void>
  hire(name: string, adapterType: string, adapterConfig: Record<string, unknown>): Promise<string>
  assign(agent: string, title: string, description?: string): Promise<string>
  comment(issue: string, body: string, more?: Record<string, unknown>): Promise<ApiAnswer>
  wake(agent: string, issue: string): Promise<ApiAnswer>
  /** All runs of an agent, newest first, in the short form of a list. */
  runs(agent: string): Promise<BoardRun[]>
  run(id: string): Promise<BoardRun>
  /** The next finished run of the agent that is not in `after`. */
  finished(agent: string, after?: readonly string[], timeoutMs?: number): Promise<BoardRun>
  /** What a run printed. */
  log(run: string): Promise<string>
  /** What a run has printed until now; empty for one that has only just started and has no log yet. */
  logSoFar(run: string): Promise<string>
  issue(id: string): Promise<BoardIssue>
  issueIn(id: string, status: string, timeoutMs?: number): Promise<BoardIssue>
}

const logPath = (run: string): string => `/api/heartbeat-runs/${run}/log?offset=0&limitBytes=1000000`

const over = new Set(['succeeded', 'failed', 'cancelled', 'timed_out', 'interrupted'])

function textOf(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => (JSON.parse(line) as { chunk?: string }).chunk ?? '').join('')
}

/** Creates a company. */
export async function openBoard(call: (...ask: [string, string, unknown?]) => Promise<ApiAnswer>): Promise<Board> {
  async function must<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, json } = await call(method, path, body)
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(json)}`)
    return json as T
  }
  const { id: company } = await must<{ id: string }>('POST', '/api/companies', { name: `Tests ${Date.now()}` })
  const idOf = async (path: string, body: unknown) => (await must<{ id: string }>('POST', path, body)).id
  const run = (id: string) => must<BoardRun>('GET', `/api/heartbeat-runs/${id}`)
  const runs = (agent: string) =>
    must<BoardRun[]>('GET', `/api/companies/${company}/heartbeat-runs?agentId=${agent}&limit=50`)
  const issue = (id: string) => must<BoardIssue>('GET', `/api/issues/${id}`)
  return {
    company,
    must,
    async installAdapter(adapterType, tarball) {
      const packageName = `@agent-jobs/adapter-${adapterType.replaceAll('_', '-')}`
      await must('POST', '/api/adapters/install', { packageName, version: `file:${tarball}` })
    },
    run,
    runs,
    issue,
    hire: (name, adapterType, adapterConfig) =>
      idOf(`/api/companies/${company}/agents`, { name, role: 'general', adapterType, adapterConfig }),
    assign: (agent, what, description = 'Please.') => {
      // Paperclip returns an earlier issue with the same title.
      const title = `${what} (${randomUUID().slice(0, 8)})`
      return idOf(`/api/companies/${company}/issues`, { title, description, status: 'todo', assigneeAgentId: agent })
    },
    comment: (id, body, more = {}) => call('POST', `/api/issues/${id}/comments`, { body, ...more }),
    wake: (agent, issueId) =>
      call('POST', `/api/agents/${agent}/wakeup`, {
        source: 'on_demand',
        triggerDetail: 'manual',
        reason: 'harness_wake',
        payload: { issueId },
      }),
    finished: (agent, after = [], timeoutMs = 180_000) =>
      eventually(
        async () => {
          const found = (await runs(agent)).find(({ id, status }) => !after.includes(id) && over.has(status))
          return found ? run(found.id) : null
        },
        'a finished run',
        timeoutMs,
      ),
    async log(id) {
      const { content } = await must<{ content: string }>('GET', logPath(id))
      return textOf(content)
    },
    async logSoFar(id) {
      const { status, json } = await call('GET', logPath(id))
      return status < 300 ? textOf((json as { content: string }).content) : ''
    },
    issueIn: (id, status, timeoutMs = 180_000) =>
      eventually(
        async () => {
          const found = await issue(id)
          return found.status === status ? found : null
        },
        `issue ${id} to be ${status}`,
        timeoutMs,
      ),
  }
}
