import { observations } from './observations.ts'
import { notReplayed, recordedCases } from './recorded-cases.ts'

/** One row of the fidelity table. */
interface Fidelity {
  area: string
  /** `same` is checked by an observation or a recording, `close` is built to the facts but not compared, `not` is left out. */
  level: 'same' | 'close' | 'not'
  what: string
}

/** What mini-kube supports and what it does not. */
const fidelity: readonly Fidelity[] = [
  {
    area: 'Jobs',
    level: 'same',
    what: 'conditions and their order, counts, Events, finalizers, backoffLimit, both deadlines, suspend and resume, podFailurePolicy, podReplacementPolicy, TTL; Indexed completion with backoffLimitPerIndex, maxFailedIndexes, FailIndex and successPolicy; queues of work without completions; managedBy; restarts counted with OnFailure',
  },
  {
    area: 'Pods',
    level: 'same',
    what: 'phases, conditions, container states with reasons, messages and exit codes; init containers, native sidecars, termination messages, probes (command, HTTP, TCP) and hooks, grace, SIGTERM ignored by a first process without a handler (Linux)',
  },
  {
    area: 'Pods',
    level: 'not',
    what: 'exec, attach, port-forward and proxy (refused with 501 and a message), gRPC probes (403), ephemeral containers (404); runtime classes (403, as in a cluster without them); hostNetwork and other isolation: a container is a process of your user',
  },
  {
    area: 'Pods',
    level: 'close',
    what: 'runAsUser and runAsGroup are obeyed when mini-kube runs as root (programs in folders that such a user may not enter are lent, see below); capabilities, seccomp, read-only roots and resource limits are not enforced (an OOM is a fault you inject)',
  },
  {
    area: 'Volumes',
    level: 'close',
    what: 'Secret, ConfigMap, emptyDir, claim, projected, downward API and hostPath are folders, with the real modes, keys, subPath and subPathExpr; mount paths are rewritten, because there are no mounts (see below)',
  },
  {
    area: 'Scheduling',
    level: 'same',
    what: 'one node with its Lease; Insufficient cpu and memory, node selector, required affinity, taints, cordon, missing and pending claims with the scheduler’s own messages',
  },
  {
    area: 'Scheduling',
    level: 'not',
    what: 'pod affinity, topology spread and priorities are accepted and ignored; preemption is a fault you inject',
  },
  {
    area: 'Logs',
    level: 'same',
    what: 'CRI files, 16 KiB parts, every recorded answer of log-semantics and log-responses, rotation with its losses and repetitions',
  },
  {
    area: 'Watch',
    level: 'same',
    what: 'resume, selectors (objects entering and leaving), bookmarks, WatchList, timeoutSeconds, both forms of 410, silence for a version from the future',
  },
  {
    area: 'API',
    level: 'same',
    what: 'unknown fields (Strict, Warn, Ignore), values of a wrong type, quantities and their canonical form, the checks of names, labels, Pods, Jobs, Secrets and ConfigMaps, each with its causes; conflicts, preconditions, finalizers, immutable Secrets, dry run, selectors, pages, four patch types, server-side apply with its conflicts, tables, RBAC, TokenRequest, access reviews, quotas and their scopes, what refused changes of Pods and Jobs differ in, errors in their own words',
  },
  {
    area: 'API',
    level: 'close',
    what: 'server-side apply merges lists by the keys of their names; managedFields name what a request set, not what the server filled in, and no owners of maps and lists themselves',
  },
  {
    area: 'API',
    level: 'not',
    what: 'fields that occur twice in a body; validation of the contents of probes, hooks and affinities; lists at an exact old version return the newest state; CBOR; protobuf beyond kubectl’s create commands',
  },
  {
    area: 'Collection',
    level: 'same',
    what: 'background, foreground, orphan; an object whose owner does not exist is collected',
  },
  {
    area: 'Time',
    level: 'close',
    what: '`timing: "real"` takes the recorded delays, tested against the recordings on a clock moved by hand; the default does everything at once',
  },
]

const words = { same: 'same, tested', close: 'close', not: 'no' }

/** The generated part of docs/mini-kube.md. */
export function fidelityTable(): string {
  const rows = fidelity.map(({ area, level, what }) => `| ${area} | ${words[level]} | ${what} |`)
  const left = Object.entries(notReplayed)
  const count = Object.keys(recordedCases).length
  return [
    `The unit tests make ${observations.length} observations on mini-kube, the e2e tests the same ones on a real cluster; both must equal one file.`,
    '',
    `${count} of ${count + left.length} Jobs recorded on a real cluster are replayed state by state, with their Events. Not replayed: ${left.map(([name, why]) => `\`${name}\` (${why})`).join(', ')}. An OOM kill and a kubelet’s eviction are injected, not caused.`,
    '',
    '| area | faithful | what |',
    '|---|---|---|',
    ...rows,
  ].join('\n')
}
