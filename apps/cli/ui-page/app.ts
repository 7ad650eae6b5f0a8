import htm from 'htm'
import { h, render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

const html = htm.bind(h)

interface Run {
  job: string
  namespace: string
  state: string
  reason: string | null
  agent: string | null
  pod: string | null
  node: string | null
  image: string | null
  createdAt: string | null
  durationMs: number | null
  startedAt: string | null
  endedAt: string | null
  cancelledBy: string | null
}

interface Description extends Run {
  key: string
  session: string | null
  model: string | null
  costUsd: number | null
  turns: number | null
  usage: Record<string, unknown> | null
  waitsFor: string | null
  lock: { secret: string; state: string }
  timeline: { at: string; what: string; level: string }[]
}

interface Entry {
  kind: string
  text?: string
  name?: string
  input?: unknown
  content?: string
  isError?: boolean
}

interface Ending {
  code: string | null
  message: string | null
}

const isOver = ({ state }: Run): boolean => ['succeeded', 'failed', 'cancelled'].includes(state)

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return seconds < 86_400
    ? `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
    : `${Math.floor(seconds / 86_400)} d`
}

function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

function durationOf(run: Run, now: number): string {
  if (run.startedAt === null) return '–'
  return span((run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.startedAt))
}

function ThemeChoice() {
  const [theme, setTheme] = useState(localStorage.getItem('theme') ?? 'system')
  useEffect(() => {
    localStorage.setItem('theme', theme)
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  }, [theme])
  return html`<label
    >Theme${' '}
    <select value=${theme} onChange=${(event: Event) => setTheme((event.target as HTMLSelectElement).value)}>
      <option value="system">as the system</option>
      <option value="light">light</option>
      <option value="dark">dark</option>
    </select></label
  >`
}

function RunTable({ runs, chosen, onChoose }: { runs: Run[]; chosen: string | null; onChoose: (run: Run) => void }) {
  const now = useNow()
  if (runs.length === 0) return html`<p class="empty">No runs yet. Start one with <code>agent-jobs run</code>.</p>`
  return html`<table>
    <caption>
      ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Job</th>
        <th scope="col">Agent</th>
        <th scope="col">State</th>
        <th scope="col">Duration</th>
        <th scope="col">Age</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map(
        (run) =>
          html`<tr
            key=${`${run.namespace}/${run.job}`}
            class=${chosen === `${run.namespace}/${run.job}` ? 'chosen' : ''}
          >
            <th scope="row">
              <button
                class="job"
                aria-pressed=${chosen === `${run.namespace}/${run.job}`}
                onClick=${() => onChoose(run)}
              >
                ${run.job}
              </button>
            </th>
            <td>${run.agent ?? '–'}</td>
            <td>
              <span class=${`state ${run.state}`}>${run.state}</span>${run.reason === null ? '' : ` ${run.reason}`}
            </td>
            <td>${durationOf(run, now)}</td>
            <td>${run.createdAt === null ? '–' : span(now - Date.parse(run.createdAt))}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

const speakers: Record<string, string> = {
  assistant: 'Agent',
  thinking: 'Thinking',
  user: 'Prompt',
  tool_call: 'Tool',
  tool_result: 'Result',
  stdout: 'Output',
  stderr: 'Standard error',
  system: 'System',
  init: 'Session',
  warning: 'Warning',
}

function EntryView({ entry }: { entry: Entry }) {
  const who = entry.kind === 'tool_call' ? `Tool: ${entry.name ?? ''}` : (speakers[entry.kind] ?? entry.kind)
  const text = entry.text ?? entry.content ?? ''
  const code =
    entry.kind === 'tool_call' ? JSON.stringify(entry.input, null, 2) : entry.kind === 'tool_result' ? text : null
  return html`<div class=${`entry ${entry.kind} ${entry.isError ? 'isError' : ''}`}>
    <span class="who">${who}</span>${code === null ? text : html`<code>${code.slice(0, 20_000)}</code>`}
  </div>`
}

const shownKinds = new Set(['assistant', 'thinking', 'user', 'tool_call', 'tool_result', 'stderr', 'system', 'warning'])
const maxEntries = 5000

function Details({ run, onClose }: { run: Run; onClose: () => void }) {
  const [description, setDescription] = useState<Description | null>(null)
  const [entries, setEntries] = useState<Entry[]>([])
  const [ending, setEnding] = useState<Ending | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [asks, setAsks] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const transcript = useRef<HTMLDivElement>(null)
  const now = useNow()
  const path = `/api/runs/${run.namespace}/${run.job}`
  useEffect(() => {
    setDescription(null)
    setEntries([])
    setEnding(null)
    setProblem(null)
    heading.current?.focus()
    const source = new EventSource(path)
    const on = <T>(name: string, take: (data: T) => void): void =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T))
    on<Description>('describe', setDescription)
    on<Entry[]>('entries', (more) =>
      setEntries((earlier) => [...earlier, ...more.filter(({ kind }) => shownKinds.has(kind))].slice(-maxEntries)),
    )
    on<Ending>('end', (end) => {
      setEnding(end)
      source.close()
    })
    on<{ message: string }>('problem', ({ message }) => {
      setProblem(message)
      source.close()
    })
    // A stream that breaks starts from its first line again.
    source.onopen = () => setEntries([])
    return () => source.close()
  }, [path])
  useEffect(() => {
    const box = transcript.current
    if (box !== null && box.scrollHeight - box.scrollTop - box.clientHeight < 200) box.scrollTop = box.scrollHeight
  }, [entries.length])
  const cancel = async (): Promise<void> => {
    setAsks(false)
    const response = await fetch(`${path}/cancel`, { method: 'POST' })
    if (!response.ok) setProblem(((await response.json()) as { error: { message: string } }).error.message)
  }
  const first = Date.parse(description?.timeline[0]?.at ?? '')
  return html`<section aria-label="Details of the run">
    <div>
      <h2 ref=${heading} tabindex="-1">${run.job}</h2>
      <p>
        <span class=${`state ${run.state}`}>${run.state}</span>${run.reason === null ? '' : ` (${run.reason})`}${' '}
        ${isOver(run) ? '' : html`<button class="danger" onClick=${() => setAsks(true)}>Cancel the run</button>`}${' '}
        <button onClick=${onClose}>Close</button>
      </p>
      ${problem === null ? '' : html`<p class="note bad" role="alert">${problem}</p>`}
      ${description?.waitsFor ? html`<p class="note">${description.waitsFor}</p>` : ''}
      ${
        ending === null
          ? ''
          : ending.code === null
            ? html`<p class="note good">The run succeeded.</p>`
            : html`<p class="note bad"><strong>${ending.code}</strong> ${ending.message}</p>`
      }
      ${run.cancelledBy === null ? '' : html`<p class="note">Cancelled by ${run.cancelledBy}</p>`}
      <dl>
        <dt>Duration</dt>
        <dd>${durationOf(run, now)}</dd>
        <dt>Model</dt>
        <dd>${description?.model ?? 'unknown'}</dd>
        <dt>Cost</dt>
        <dd>${typeof description?.costUsd === 'number' ? `$${description.costUsd.toFixed(4)}` : 'unknown'}</dd>
        <dt>Tokens</dt>
        <dd>${tokens(description?.usage ?? null)}</dd>
        <dt>Session</dt>
        <dd>${description?.session ?? 'unknown'}</dd>
        <dt>Image</dt>
        <dd>${run.image ?? 'unknown'}</dd>
        <dt>Pod</dt>
        <dd>${run.pod ?? 'none'}${run.node === null ? '' : ` on ${run.node}`}</dd>
        ${
          description === null
            ? ''
            : html`<dt>Key</dt>
                <dd>${description.key} (lock ${description.lock.state})</dd>`
        }
      </dl>
      <h3 id="transcript-title">Transcript</h3>
      <div class="transcript" ref=${transcript} tabindex="0" role="log" aria-labelledby="transcript-title">
        ${entries.length === 0 ? html`<p class="empty">Nothing was printed yet.</p>` : entries.map((entry, at) => html`<${EntryView} key=${at} entry=${entry} />`)}
      </div>
      <h3>Timeline</h3>
      <ol class="timeline">
        ${(description?.timeline ?? []).map(
          ({ at, what, level }) =>
            html`<li>
              <time datetime=${at} title=${at}>+${span(Date.parse(at) - first)}</time
              ><span class=${level}>${what}</span>
            </li>`,
        )}
      </ol>
      ${asks ? html`<${Confirm} job=${run.job} onYes=${cancel} onNo=${() => setAsks(false)} />` : ''}
    </div>
  </section>`
}

function tokens(usage: Record<string, unknown> | null): string {
  const count = (name: string): number => (typeof usage?.[name] === 'number' ? (usage[name] as number) : 0)
  if (usage === null) return 'unknown'
  return `${count('inputTokens').toLocaleString('en')} in, ${count('outputTokens').toLocaleString('en')} out`
}

function Confirm({ job, onYes, onNo }: { job: string; onYes: () => void; onNo: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return html`<dialog ref=${dialog} onClose=${onNo} aria-labelledby="confirm-title">
    <h2 id="confirm-title">Cancel ${job}?</h2>
    <p>The agent gets a SIGTERM and time to finish. What it has printed stays readable.</p>
    <div class="buttons">
      <button onClick=${onNo}>Keep it running</button><button class="danger" onClick=${onYes}>Cancel the run</button>
    </div>
  </dialog>`
}

function App() {
  const [runs, setRuns] = useState<Run[] | null>(null)
  const [status, setStatus] = useState('Connecting …')
  const [filter, setFilter] = useState('')
  const [chosen, setChosen] = useState<string | null>(location.hash.slice(1) || null)
  useEffect(() => {
    const source = new EventSource('/api/runs')
    source.addEventListener('runs', (event) => {
      setRuns(JSON.parse((event as MessageEvent<string>).data) as Run[])
      setStatus('Live')
    })
    source.addEventListener('problem', (event) =>
      setStatus((JSON.parse((event as MessageEvent<string>).data) as { message: string }).message),
    )
    source.onerror = () => setStatus('The connection to agent-jobs is lost; trying again …')
    return () => source.close()
  }, [])
  useEffect(() => history.replaceState(null, '', chosen === null ? '/' : `#${chosen}`), [chosen])
  const wanted = filter.toLowerCase()
  const shown = (runs ?? []).filter((run) =>
    [run.job, run.namespace, run.state, run.reason, run.agent].some((each) => each?.toLowerCase().includes(wanted)),
  )
  const run = runs?.find((each) => `${each.namespace}/${each.job}` === chosen)
  return html`<a class="skip" href="#runs">Skip to the runs</a>
    <header>
      <h1>agent-jobs</h1>
      <label
        >Filter${' '}<input
          type="search"
          value=${filter}
          onInput=${(event: Event) => setFilter((event.target as HTMLInputElement).value)}
      /></label>
      <span class="space"></span>
      <${ThemeChoice} />
    </header>
    <p class="status" role="status">${status}</p>
    <main class=${run === undefined ? 'alone' : ''}>
      <section id="runs" aria-label="Runs">
        ${runs === null ? html`<p class="empty">Reading the runs …</p>` : html`<${RunTable} runs=${shown} chosen=${chosen} onChoose=${(each: Run) => setChosen(`${each.namespace}/${each.job}`)} />`}
      </section>
      ${run === undefined ? '' : html`<${Details} key=${chosen} run=${run} onClose=${() => setChosen(null)} />`}
    </main>`
}

const root = document.querySelector('#app')
if (root !== null) render(html`<${App} />`, root)
