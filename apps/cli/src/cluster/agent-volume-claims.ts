import { volumeClaimStore, type OwnerState, type ReapStore } from '@agent-jobs/k8s-job-runner'
import type { KubeClient } from '@agent-jobs/kube-api'

const agentId = 'paperclip.io/agent-id'
const companyId = 'paperclip.io/company-id'
const askTimeoutMs = 15_000

/** A Paperclip server that knows which agents exist. */
export interface PaperclipAccess {
  url: string
  /** A key that may see all agents of the company; undefined where the server asks for none. */
  key: string | undefined
}

async function ask({ url, key }: PaperclipAccess, path: string, signal?: AbortSignal) {
  const timeout = AbortSignal.timeout(askTimeoutMs)
  const response = await fetch(`${url.replace(/\/+$/, '')}/api${path}`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  })
  const json: unknown = response.ok ? await response.json() : null
  if (!response.ok) await response.body?.cancel()
  return { status: response.status, json }
}

function idsOf(json: unknown): string[] | null {
  if (!Array.isArray(json)) return null
  return json.flatMap((agent: unknown) =>
    typeof agent === 'object' && agent !== null && 'id' in agent && typeof agent.id === 'string' ? [agent.id] : [],
  )
}

/** An agent counts as deleted only when Paperclip says so twice: its id is unknown, and its company's list lacks it. */
async function agentState(
  access: PaperclipAccess,
  agent: string,
  company: string | undefined,
  signal?: AbortSignal,
): Promise<OwnerState> {
  const one = await ask(access, `/agents/${encodeURIComponent(agent)}`, signal)
  if (one.status === 200) return 'present'
  if (one.status !== 404 || company === undefined) return 'unknown'
  const all = await ask(access, `/companies/${encodeURIComponent(company)}/agents`, signal)
  const ids = all.status === 200 ? idsOf(all.json) : null
  if (ids === null) return 'unknown'
  return ids.includes(agent) ? 'present' : 'absent'
}

/** The claims of agents' own (OpenCode's session databases), by whether Paperclip still has the agent. */
export function agentVolumeClaims(client: KubeClient, namespace: string, access: PaperclipAccess): ReapStore {
  return volumeClaimStore({
    client,
    namespace,
    labelSelector: 'app.kubernetes.io/managed-by=paperclip,paperclip.io/pvc-type=agent-db',
    ownerOf: ({ metadata }) => metadata?.annotations?.[agentId] ?? null,
    ownerState: (agent, { metadata }, signal) => agentState(access, agent, metadata?.annotations?.[companyId], signal),
  })
}
