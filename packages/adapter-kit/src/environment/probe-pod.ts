import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { describeOutcome, outcomeTable, RunError, type RunHandle, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { isRecord } from '../settings/loose-text.ts'
import type { CommonSettings } from '../agent/agent-definition.ts'
import type { RunSite } from '../plan/run-site.ts'
import { instanceRootOf, probeFolderOf } from '../plan/places.ts'
import { prepareFolder } from '../volume/pod-folders.ts'
import type { VolumeFolder } from '../volume/volume-scope.ts'
import { podFields } from '../pod/pod-fields.ts'
import { podVolumes } from '../pod/pod-volumes.ts'
import type { Check } from './cluster-checks.ts'

// Runs in the agent's image; prints one line of JSON.
const program = `
const { execFileSync } = require('node:child_process'), fs = require('node:fs');
const [command, folder, api] = process.argv.slice(1);
const out = { node: process.version };
const run = (f, a) => { try { return execFileSync(f, a, { encoding: 'utf8', timeout: 30000 }).trim().split('\\n')[0] } catch (e) { return null } };
out.version = run(command, ['--version']);
out.shell = ['/bin/bash', '/usr/bin/bash', '/bin/zsh', process.env.SHELL].find((s) => s && fs.existsSync(s)) || null;
if (folder) try { const f = folder + '/.agent-jobs-probe-' + process.pid; fs.writeFileSync(f, 'x'); fs.unlinkSync(f); out.writable = true } catch (e) { out.writable = e.message }
const done = () => console.log(JSON.stringify(out));
if (api) fetch(api + '/api/health', { signal: AbortSignal.timeout(10000) }).then((r) => { out.api = r.status }, (e) => { out.api = String(e.cause && e.cause.code || e.message) }).then(done); else done();
`

function levelOf(ok: boolean): Check['level'] {
  return ok ? 'info' : 'error'
}

/** Compares the versions that two texts name; a text that names none is not older. */
function isOlder(text: string, minimum: string): boolean {
  const [have, want] = [text, minimum].map((each) => /(\d+)\.(\d+)\.(\d+)/.exec(each)?.slice(1).map(Number))
  if (!have || !want) return false
  const at = want.findIndex((part, index) => part !== have[index])
  return at >= 0 && (have[at] ?? 0) < (want[at] ?? 0)
}

/** Judges what the probe printed. Pure. */
export function probeFindings(
  line: string,
  input: {
    command: string
    minimumVersion?: string | null
    apiUrl: string | null
    hasVolume: boolean
    needsShell: boolean
  },
): Check[] {
  const said: unknown = JSON.parse(line)
  if (!isRecord(said)) return []
  const { command, apiUrl } = input
  const version = typeof said['version'] === 'string' ? said['version'] : null
  const checks: Check[] = [
    { code: 'k8s_probe_node', level: 'info', message: `The image has Node ${String(said['node'])}.` },
    {
      code: 'k8s_probe_cli',
      level: levelOf(version !== null),
      message: version === null ? `The image has no working "${command}".` : `"${command}" is version ${version}.`,
      ...(version === null ? { hint: 'Choose an image that holds the agent, or correct the command.' } : {}),
    },
  ]
  const { minimumVersion = null } = input
  if (minimumVersion !== null && version !== null && isOlder(version, minimumVersion)) {
    checks.push({
      code: 'k8s_probe_cli_version',
      level: 'error',
      message: `These settings need "${command}" ${minimumVersion} or newer; the image has ${version}.`,
      hint: 'Choose an image with a newer version, or settings for the older one.',
    })
  }
  if (input.needsShell) {
    const shell = said['shell']
    checks.push({
      code: 'k8s_probe_shell',
      level: shell === null ? 'warn' : 'info',
      message:
        shell === null
          ? 'The image has neither bash nor zsh; the agent cannot run commands.'
          : `The agent runs commands by ${String(shell)}.`,
      ...(shell === null ? { hint: 'Add bash to the image.' } : {}),
    })
  }
  if (input.hasVolume) {
    const writable = said['writable'] === true
    checks.push({
      code: 'k8s_probe_volume',
      level: levelOf(writable),
      message: writable
        ? 'Agent pods can write to the data volume.'
        : `Agent pods cannot write to the data volume: ${String(said['writable'])}.`,
      ...(writable ? {} : { hint: 'Give user 1000 the right to write there.' }),
    })
  }
  if (apiUrl !== null) {
    const reached = said['api'] === 200
    checks.push({
      code: 'k8s_probe_api',
      level: levelOf(reached),
      message: reached
        ? `Agent pods reach Paperclip at ${apiUrl}.`
        : `Agent pods do not reach Paperclip at ${apiUrl}: ${String(said['api'])}.`,
      ...(reached
        ? {}
        : { hint: 'Set "paperclipApiUrl" to an address that pods can reach; look at network policies.' }),
    })
  }
  return checks
}

/**
 * The folders of the data volume that the probe pod gets, created as for a run. The agent's settings choose its image and
 * command, so it sees no more than a run would.
 */
async function probeFolder(
  { scoped, dataMountPath, volume }: RunSite<CommonSettings>,
  { deps, companyId }: { deps: AdapterDependencies; companyId: string },
): Promise<{ folder: string; folders: VolumeFolder[] | null }> {
  if (!scoped) return { folder: dataMountPath, folders: null }
  const folder = probeFolderOf(instanceRootOf(deps.env, dataMountPath), companyId)
  const place = volume.place(folder)
  if (place !== null) await prepareFolder(place, folder)
  return { folder, folders: [{ path: folder, readOnly: false }] }
}

/** Starts a pod configured like that of a run, and inspects its environment. */
export async function probePod(
  site: RunSite<CommonSettings>,
  input: {
    deps: AdapterDependencies
    command: string
    minimumVersion: string | null
    needsShell: boolean
    adapterType: string
    companyId: string
    signal: AbortSignal
  },
): Promise<Check[]> {
  const { settings, inheritance, namespace, apiUrl, hasVolume } = site
  const image = settings.image ?? inheritance?.image
  if (!image) {
    return [{ code: 'k8s_image_unknown', level: 'error', message: 'No image for agent pods.', hint: 'Set "image".' }]
  }
  const { folder, folders } = await probeFolder(site, input)
  const runId = `probe-${input.deps.clock.wallTime()}`
  const request: RunRequest = {
    key: `${input.adapterType}:${runId}`,
    runId,
    namePrefix: 'agent-probe',
    image,
    imagePullPolicy: settings.imagePullPolicy,
    command: {
      argv: ['node', '-e', program, input.command, hasVolume ? folder : '', apiUrl ?? ''],
      limits: { totalMs: 60_000 },
    },
    labels: { 'app.kubernetes.io/managed-by': 'paperclip', 'app.kubernetes.io/component': 'agent-probe' },
    ...podVolumes({ ...site, volumeClaims: [], folders }),
    ...podFields(site),
    start: { budgetSeconds: 120, unschedulableGraceSeconds: Math.min(30, settings.podScheduleTimeoutSec) },
  }
  let handle: RunHandle
  try {
    handle = await site.cluster.runner(namespace).start(request, { signal: input.signal })
  } catch (error) {
    if (!RunError.isInstance(error)) throw error
    return [
      {
        code: 'k8s_probe_refused',
        level: 'error',
        message: `The probe pod could not be made, and no run can: ${error.message}`,
        hint: 'Satisfy what the message names: a setting, a permission, a policy, a quota.',
      },
    ]
  }
  let line: string | null = null
  for await (const event of handle.events) if (event.type === 'line' && event.stream === 'stdout') line ??= event.text
  const outcome = await handle.outcome
  site.cluster.afterwards(handle.settled)
  if (line === null || outcome.kind !== 'succeeded') {
    const { code, message } = describeOutcome(outcome)
    return [
      {
        code: `k8s_probe_${code}`,
        level: 'error',
        message: `The probe pod did not work. ${message}`,
        hint: outcomeTable[outcome.code].todo,
      },
    ]
  }
  const { command, minimumVersion } = input
  return probeFindings(line, { command, minimumVersion, apiUrl, hasVolume, needsShell: input.needsShell })
}
