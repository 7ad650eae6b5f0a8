import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMainJobPlace, type MainJobPlace } from '../../../bench/main-job/main-job-place.ts'
import { fakeTerminal } from '../test/fake-terminal.ts'
import { installCli, type InstalledCli } from '../test/installed-cli.ts'
import { runCli } from './run-cli.ts'

const kubeconfig = process.env['KUBECONFIG']

describe.skipIf(!kubeconfig)('looking at runs on a real cluster (skipped: KUBECONFIG is not set)', () => {
  let place: MainJobPlace
  let cli: InstalledCli
  let folder = ''
  let job = ''
  beforeAll(async () => {
    place = await openMainJobPlace('cli-look-e2e')
    cli = await installCli()
    folder = await mkdtemp(join(tmpdir(), 'cli-look-'))
    const env = { ...process.env, ...place.env('hang') }
    const terminal = fakeTerminal({ env })
    const keys = Object.keys(place.env('hang')).flatMap((name) => ['-e', name])
    await runCli(['run', '-n', place.namespace, '--image', place.image, '-d', ...keys, 'Think long'], terminal)
    job = terminal.stdout().trim()
    const seen = fakeTerminal({ env: process.env })
    const following = runCli(['logs', '-n', place.namespace, '-f', job], seen)
    await seen.shown('  session ', 'out')
    seen.press('SIGINT')
    await following
  })
  afterAll(async () => {
    await place.client.delete(kinds.Job, { name: job, namespace: place.namespace, propagationPolicy: 'Background' })
    await cli[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const agentJobs = (command: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> =>
    cli.run([command, '-n', place.namespace, ...args], { KUBECONFIG: kubeconfig ?? '' })

  it('shows an active run with the installed program: ps, describe, logs, top', async () => {
    expect((await agentJobs('ps')).out).toMatch(new RegExp(`^${job} +claude +running `, 'm'))
    const description = JSON.parse((await agentJobs('describe', job, '--json')).out) as object
    expect(description).toMatchObject({ job, state: 'running', node: expect.any(String), lock: { state: 'held' } })
    expect(await agentJobs('logs', job)).toMatchObject({ code: 0, out: expect.stringContaining('session ') })
    expect((await agentJobs('top', '--json')).out).toContain(`"job":"${job}"`)
  })

  it('reaches into its pod: exec and cp', async () => {
    expect(await agentJobs('exec', job, '--', 'node', '-p', '6 * 7')).toMatchObject({ code: 0, out: '42\n' })
    expect((await agentJobs('exec', job, '--', 'sh', '-c', 'echo copied >/tmp/out.txt; exit 5')).code).toBe(5)
    expect((await agentJobs('cp', `${job}:/tmp/out.txt`, join(folder, 'out.txt'))).code).toBe(0)
    expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe('copied\n')
  })

  it('cancels it and keeps its record: transcript, session, and who cancelled', async () => {
    const cancelled = await agentJobs('cancel', job, '--by', 'the night shift', '--grace', '2s')
    expect(cancelled).toMatchObject({ code: 0, out: `${job} has stopped\n` })
    const { out } = await agentJobs('ps', '--json')
    expect(out.split('\n').map((line): unknown => (line === '' ? null : JSON.parse(line)))).toContainEqual(
      expect.objectContaining({ job, state: 'cancelled', cancelledBy: 'the night shift' }),
    )
    const shown = await agentJobs('logs', job, '--json')
    expect(JSON.parse(shown.out)).toMatchObject({ outcome: 'cancelled', sessionId: expect.any(String) })
    expect(await agentJobs('wait', job)).toMatchObject({ out: expect.stringContaining('the night shift') })
    const secrets = await place.client.list(kinds.Secret, { namespace: place.namespace })
    expect(secrets.items.filter(({ metadata }) => metadata?.ownerReferences?.[0]?.name === job)).toEqual([])
  })

  it('says that the server does not accept the credentials, at once', async () => {
    const file = join(folder, 'kubeconfig')
    const terminal = fakeTerminal({ env: { KUBECONFIG: kubeconfig } })
    const { stdout } = await promisify(execFile)('kubectl', ['config', 'view', '--raw', '--minify', '-o', 'json'])
    const config = JSON.parse(stdout) as { users: { user: object }[] }
    for (const each of config.users) each.user = { token: 'expired' }
    await writeFile(file, JSON.stringify(config))
    const began = performance.now()
    expect(await runCli(['run', '--kubeconfig', file, '-n', place.namespace, 'hello'], terminal)).toBe(1)
    expect(terminal.stdout() + terminal.stderr()).toMatch(/does not accept your credentials|401|[Uu]nauthorized/)
    expect(performance.now() - began).toBeLessThan(14_000)
  })
})
