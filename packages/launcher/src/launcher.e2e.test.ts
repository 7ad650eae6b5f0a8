import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeFrames, endOf, joinStream, recordsOf } from '../test/decode-frames.ts'
import { bootstrapCommand } from './bootstrap-command.ts'
import type { LaunchSpec } from './launch-spec.ts'
import { packEnv } from './pack-env.ts'
import type { LaunchInput } from './pack-env.ts'

const namespace = 'launcher-e2e'
const ready =
  process.env['KUBECONFIG'] !== undefined && spawnSync('kubectl', ['version', '--request-timeout=5s']).status === 0
if (!ready) console.warn('launcher e2e skipped: it needs KUBECONFIG of a running cluster and kubectl')

const run = promisify(execFile)
async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run('kubectl', ['-n', namespace, ...args], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

async function apply(object: unknown): Promise<void> {
  const child = run('kubectl', ['-n', namespace, 'apply', '-f', '-'])
  child.child.stdin?.end(JSON.stringify(object))
  await child
}

type Launch = Omit<LaunchSpec, 'version'> & LaunchInput & { pod?: Record<string, unknown>; shell?: boolean }

/** Creates Secret and pod the way the runner does. */
async function start(name: string, { stdin, files, pod, shell = false, ...spec }: Launch): Promise<void> {
  const input = { ...(stdin === undefined ? {} : { stdin }), ...(files === undefined ? {} : { files }) }
  const metadata = { name }
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: packEnv({ version: 1, ...spec }, input) })
  const securityContext = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true }
  const container = {
    name: 'agent',
    image: 'local/agent:1',
    command: bootstrapCommand({ shell }),
    envFrom: [{ secretRef: { name } }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    ...pod,
  }
  const podSpec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext,
    terminationGracePeriodSeconds: 15,
    containers: [container],
  }
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec })
}

async function ended(name: string) {
  await kubectl(
    'wait',
    '--for=jsonpath={.status.containerStatuses[0].state.terminated}',
    `pod/${name}`,
    '--timeout=60s',
  )
  const raw = Buffer.from(await kubectl('logs', name))
  const code = await kubectl(
    'get',
    'pod',
    name,
    '-o',
    'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}',
  )
  const { frames, diagnostics } = decodeFrames(raw)
  return { frames, diagnostics, exitCode: Number(code), end: endOf(frames), text: joinStream(frames, 'o').toString() }
}

/** Resolves when the pod's log contains the text. */
async function logged(name: string, text: string): Promise<void> {
  await kubectl('wait', '--for=jsonpath={.status.phase}=Running', `pod/${name}`, '--timeout=60s')
  const child = spawn('kubectl', ['-n', namespace, 'logs', '-f', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  let seen = ''
  for await (const chunk of child.stdout) {
    seen += String(chunk)
    if (seen.includes(text)) break
  }
  child.kill()
  expect(seen).toContain(text)
}

describe.skipIf(!ready)('the launcher in a real pod', () => {
  beforeAll(async () => {
    await run('kubectl', ['create', 'namespace', namespace]).catch(() => undefined)
    await kubectl('delete', 'pod,secret', '--all', '--now', '--wait=true')
  })
  afterAll(async () => {
    await run('kubectl', ['delete', 'namespace', namespace, '--wait=false'])
  })

  it('feeds the command, frames its output and exits with its code', async () => {
    await start('plain', { argv: ['sh', '-c', 'cat; echo err >&2; exit 42'], stdin: 'hello\npod' })
    const { frames, end, text, exitCode, diagnostics } = await ended('plain')
    expect(text).toBe('hello\npod')
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index))
    expect(end).toMatchObject({ exitCode: 42, frames: frames.length - 1, stderrBytes: 4 })
    expect(exitCode).toBe(42)
    expect(diagnostics).toEqual([])
  })

  it.each([
    ['on its own', 'orphans', false],
    ['started by a shell', 'orphans-shell', true],
  ])('reaps orphans, %s', async (_, name, shell) => {
    const orphans = 'for i in 1 2 3 4 5; do (sh -c "sleep 0.1" &); done; sleep 1; ps -o pid,ppid,stat,comm'
    await start(name, { argv: ['sh', '-c', orphans], shell })
    const { text } = await ended(name)
    expect(text).toMatch(/^ *1 +0 S +sh$/m)
    expect(text).not.toMatch(/ Z /)
  })

  it('passes the SIGTERM of a deleted pod on to the whole group and still writes the end', async () => {
    const argv = [
      'sh',
      '-c',
      'trap "echo child got TERM; exit 5" TERM; (trap "echo grandchild got TERM; exit" TERM; while :; do sleep 0.1; done) & echo up; while :; do sleep 0.1; done',
    ]
    await start('deleted', { argv })
    await logged('deleted', ' up.')
    const follow = run('kubectl', ['-n', namespace, 'logs', '-f', 'deleted'])
    await kubectl('delete', 'pod', 'deleted', '--wait=true')
    const { stdout } = await follow
    const { frames } = decodeFrames(Buffer.from(stdout))
    expect(joinStream(frames, 'o').toString().split('\n').toSorted()).toEqual([
      '',
      'child got TERM',
      'grandchild got TERM',
      'up',
    ])
    expect(endOf(frames)).toMatchObject({ stoppedBy: 'signal', exitCode: 5 })
  })

  it('reports 128 + n for a command that a signal ended', async () => {
    await start('killed', { argv: ['sh', '-c', 'kill -9 $$'] })
    const { end, exitCode } = await ended('killed')
    expect(end).toMatchObject({ exitCode: null, signal: 'SIGKILL', stoppedBy: null })
    expect(exitCode).toBe(137)
  })

  it('stops a command that hangs after its work', async () => {
    await start('hangs', {
      argv: ['node', '-e', `console.log('all done');process.on('SIGTERM',()=>0);setInterval(()=>0,1e6)`],
      finish: { workDone: [{ includes: ['all done'] }] },
      limits: { hangAfterFinishMs: 300, killGraceMs: 300 },
    })
    const { end, exitCode } = await ended('hangs')
    expect(end).toMatchObject({ stoppedBy: 'hang_after_finish', signal: 'SIGKILL' })
    expect(exitCode).toBe(137)
  })

  it('names the output directory when the root file system is read-only', async () => {
    await start('readonly', {
      argv: ['true'],
      pod: { securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false } },
    })
    const { end, exitCode } = await ended('readonly')
    expect(end.startError).toMatchObject({ code: 'output_unwritable' })
    expect(end.startError?.message).toMatch(/No file can be made in \/tmp: EROFS.*Set `outputDirectory`/)
    expect(exitCode).toBe(125)
  })

  it('loses nothing of a line of 4 MiB and 50,000 short ones', async () => {
    const text = `const fs=require('fs');fs.writeSync(1,'L'.repeat(4<<20)+'\\n');for(let i=0;i<50000;i+=100)fs.writeSync(1,Array.from({length:100},(_,n)=>i+n).join('\\n')+'\\n')`
    await start('large', { argv: ['node', '-e', text] })
    const { frames, end } = await ended('large')
    expect(end.stdoutBytes).toBe((4 << 20) + 1 + 288_890)
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index))
    expect(joinStream(frames, 'o')).toHaveLength(end.stdoutBytes)
  })

  it.each([
    ['dotted', false],
    ['dotted-shell', true],
  ])('keeps the variables whose names no shell would pass (%s)', async (name, shell) => {
    await start(name, {
      shell,
      argv: ['node', '-e', `console.log(process.env['dotted.name'],process.env.SHLVL,process.env.AGENT_JOBS_SPEC)`],
      pod: { env: [{ name: 'dotted.name', value: 'kept' }] },
    })
    expect((await ended(name)).text).toBe('kept undefined undefined\n')
  })

  it('reports why a command cannot be started', async () => {
    await start('absent', { argv: ['no-such-command'] })
    const { end, exitCode, frames } = await ended('absent')
    expect(recordsOf(frames)[0]).toMatchObject({ type: 'start', pid: null })
    expect(end.startError?.code).toBe('command_not_found')
    expect(exitCode).toBe(127)
  })
})
