import { describe, expect, it } from 'vitest'
import { RunError } from './run-error.ts'
import type { RunRequest } from './run-request.ts'
import { requestProblems, validateRequest } from './validate-request.ts'

const good: RunRequest = { key: 'agent', runId: 'r1', image: 'node:24', command: { argv: ['node', '-v'] } }
const broken = (fields: object): RunRequest => ({ ...good, ...fields }) as RunRequest

describe('validateRequest', () => {
  it('accepts a minimal request', () => {
    expect(requestProblems(good)).toEqual([])
    expect(() => validateRequest(good)).not.toThrow()
  })

  it.each<[object, string]>([
    [{ key: '' }, 'Expected `key` to be a non-empty string, got ""'],
    [{ runId: 7 }, 'Expected `runId` to be a non-empty string, got 7'],
    [{ image: 'a b' }, 'Expected `image` to be an image name without white space, got "a b"'],
    [{ name: 'Upper' }, 'Expected `name` to be at most 63 of a-z 0-9 - (a DNS label), got "Upper"'],
    [
      { name: 'a'.repeat(64) },
      `Expected \`name\` to be at most 63 of a-z 0-9 - (a DNS label), got "${'a'.repeat(64)}"`,
    ],
    [
      { namePrefix: 'a'.repeat(23) },
      `Expected \`namePrefix\` to be a DNS label of at most 22 characters, got "${'a'.repeat(23)}"`,
    ],
    [{ containerName: 'a.b' }, 'Expected `containerName` to be a DNS label, got "a.b"'],
    [
      { queue: { name: 'a', priorityClass: 'Not Good' } },
      'Expected `queue.priorityClass` to be the name of a WorkloadPriorityClass, got "Not Good"',
    ],
    [{ podUser: 'root' as never }, 'Expected `podUser` to be one of fixed, platform, got "root"'],
    [
      { scheduling: { architecture: 'arm 64' } },
      'Expected `scheduling.architecture` to be an architecture such as amd64, got "arm 64"',
    ],
    [{ queue: { name: 'Not Good' } }, 'Expected `queue.name` to be the name of a LocalQueue, got "Not Good"'],
    [{ command: { argv: [] } }, 'Expected `command.argv` to be a non-empty array of strings, got []'],
    [{ command: { argv: ['a', 1] } }, 'Expected `command.argv[1]` to be a string, got 1'],
    [{ command: { argv: ['a\0'] } }, '`command.argv[0]` holds a NUL character'],
    [{ command: { argv: [''] } }, 'Expected `command.argv[0]` to name a program, got an empty string'],
    [{ command: { argv: ['a'], cwd: 'rel' } }, 'Expected `command.cwd` to be an absolute path, got "rel"'],
    [{ env: { '1A': 'x' } }, 'Expected each name in `env` to be an environment variable name, got "1A"'],
    [
      { secretEnv: { AGENT_JOBS_X: 'x' } },
      '`secretEnv.AGENT_JOBS_X` is reserved: names starting with AGENT_JOBS_ belong to the launcher',
    ],
    [{ env: { A: '1' }, secretEnv: { A: '2' } }, '`A` is in both `env` and `secretEnv`; keep one'],
    [{ env: { A: 1 } }, 'Expected `env.A` to be a string, got 1'],
    [{ env: { A: '\0' } }, '`env.A` holds a NUL character; no process can take one'],
    [
      { secretEnv: { A: 'x'.repeat(131_072) } },
      '`secretEnv.A` takes 131075 bytes; the kernel takes at most 131072 for one variable. Put it in `command.files`',
    ],
    [{ labels: { 'a b': 'x' } }, '`labels`: "a b" is not a valid key'],
    [{ labels: { 'agent-jobs.dev/x': 'y' } }, '`labels`: agent-jobs.dev/x is reserved (agent-jobs.dev/)'],
    [
      { labels: { a: '-' } },
      '`labels["a"]` is "-"; a label value has at most 63 of a-z A-Z 0-9 . _ - and starts and ends with a letter or digit',
    ],
    [{ annotations: { a: 1 } }, 'Expected `annotations["a"]` to be a string, got 1'],
    [{ mounts: [{ name: 'v', mountPath: '/v' }] }, '`mounts`: "v" at /v is not in `volumes`'],
    [{ volumes: [{ name: 'v' }], mounts: [{ name: 'v', mountPath: 'v' }] }, '`mounts`: "v" is not an absolute path'],
    [
      {
        volumes: [{ name: 'v' }],
        mounts: [
          { name: 'v', mountPath: '/v' },
          { name: 'v', mountPath: '/v' },
        ],
      },
      '`mounts`: /v is mounted twice',
    ],
    [{ volumes: [{ name: 'v' }, { name: 'v' }] }, '`volumes` holds two of the same name'],
    [{ journal: { path: 'j' } }, 'Expected `journal.path` to be an absolute path, got "j"'],
    [{ deadlineSeconds: 0 }, 'Expected `deadlineSeconds` to be a whole number of at least 1, got 0'],
    [
      { ttlSecondsAfterFinished: 60 },
      'Expected `ttlSecondsAfterFinished` to be a whole number of at least 3600, got 60',
    ],
    [
      { terminationGracePeriodSeconds: 1.5 },
      'Expected `terminationGracePeriodSeconds` to be a whole number of at least 1, got 1.5',
    ],
    [{ start: { budgetSeconds: -1 } }, 'Expected `start.budgetSeconds` to be a whole number of at least 1, got -1'],
    [{ sidecars: [{ name: 'main', image: 'i' }] }, '`sidecars` holds a name that another container has'],
    [{ key: 'k'.repeat(1025) }, '`key` takes 1025 bytes; at most 1024 are kept with a Job'],
    [{ annotations: { a: 'x'.repeat(200_000) } }, '`annotations` take 200008 bytes; at most 200000 fit on a Job'],
    [
      { imagePullPolicy: 'Sometimes' },
      'Expected `imagePullPolicy` to be one of Always, IfNotPresent, Never, got "Sometimes"',
    ],
    [
      { serviceAccountName: 'Not Good' },
      'Expected `serviceAccountName` to be the name of an object (a DNS name), got "Not Good"',
    ],
    [{ pullSecrets: ['a', 'B'] }, 'Expected `pullSecrets[1]` to be the name of an object (a DNS name), got "B"'],
    [
      { scheduling: { runtimeClassName: '' } },
      'Expected `scheduling.runtimeClassName` to be the name of an object (a DNS name), got ""',
    ],
    [{ scheduling: { nodeSelector: { a: '-' } } }, '`scheduling.nodeSelector`: "a": "-" is not a valid label'],
    [
      { scheduling: { tolerations: [{ effect: 'Never' }] } },
      'Expected `scheduling.tolerations[0].effect` to be one of NoSchedule, PreferNoSchedule, NoExecute, got "Never"',
    ],
    [
      { scheduling: { tolerations: [{ effect: 'NoSchedule', tolerationSeconds: 1 }] } },
      '`scheduling.tolerations[0].tolerationSeconds` needs the effect NoExecute, got "NoSchedule"',
    ],
    [
      {
        scheduling: {
          topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }],
        },
      },
      'Expected `scheduling.topologySpreadConstraints[0].maxSkew` to be a whole number of at least 1, got 0',
    ],
    [
      {
        scheduling: {
          topologySpreadConstraints: [{ maxSkew: 1, topologyKey: '', whenUnsatisfiable: 'DoNotSchedule' }],
        },
      },
      'Expected `scheduling.topologySpreadConstraints[0].topologyKey` to be a label key, got ""',
    ],
    [
      { dnsPolicy: 'Mine' },
      'Expected `dnsPolicy` to be one of Default, ClusterFirst, ClusterFirstWithHostNet, None, got "Mine"',
    ],
    [{ dnsPolicy: 'None' }, '`dnsPolicy` None needs at least one of `dnsConfig.nameservers`'],
    [{ dnsConfig: { nameservers: ['x'] } }, '`dnsConfig.nameservers`: "x" is not an IP address'],
    [
      { dnsConfig: { nameservers: ['::1', '1.1.1.1', '1.1.1.2', '1.1.1.3'] } },
      '`dnsConfig.nameservers` holds 4; a pod takes at most 3',
    ],
    [{ hostAliases: [{ ip: 'x', hostnames: ['a'] }] }, '`hostAliases`: "x" is not an IP address'],
    [{ hostAliases: [{ ip: '::1', hostnames: ['A'] }] }, '`hostAliases`: "A" is not a DNS name'],
    [
      { resources: { limits: { memory: '1 GB' } } },
      '`resources.limits`: "memory": "1 GB" is not a valid resource quantity',
    ],
    [{ volumes: [{ name: 'a.b' }] }, '`volumes`: "a.b" is not a DNS label'],
    [{ sidecars: [{ name: 'A', image: 'i' }] }, 'Expected `sidecars[0].name` to be a DNS label, got "A"'],
    [{ sidecars: [{ name: 'a' }] }, 'Expected `sidecars[0].image` to be an image name, got undefined'],
    [
      { sidecars: [{ name: 'a', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
      '`sidecars[0]` mounts "v", not in `volumes`',
    ],
  ])('reports exactly what is wrong with %j', (fields, problem) => {
    expect(requestProblems(broken(fields))).toEqual([problem])
  })

  it.each(['1', '0.5', '.5', '500m', '1.5Gi', '100M', '1e3', '2E', '3k', '7n', '64Mi'])(
    'takes the quantity %s',
    (memory) => {
      expect(
        requestProblems(broken({ resources: { requests: { memory }, limits: { 'example.com/gpu': 1 } } })),
      ).toEqual([])
    },
  )

  it('lists every problem in one error, before anything is created', () => {
    let thrown: unknown
    try {
      validateRequest(broken({ key: '', deadlineSeconds: 0 }))
    } catch (error) {
      thrown = error
    }
    expect(RunError.isInstance(thrown)).toBe(true)
    expect(thrown).toMatchObject({ code: 'invalid_request', retryable: false, problems: { length: 2 } })
    expect(String(thrown)).toContain('`key`')
    expect(String(thrown)).toContain('`deadlineSeconds`')
  })
})
