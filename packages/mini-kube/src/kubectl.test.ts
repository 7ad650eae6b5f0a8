import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from './mini-kube.ts'
import { shellJob } from '../test/test-client.ts'

const run = promisify(execFile)
const found = await run('kubectl', ['version', '--client']).then(
  () => true,
  () => false,
)
if (!found) console.log('kubectl tests skipped: kubectl not found on PATH')

describe.skipIf(!found)('kubectl', () => {
  let kube: MiniKube
  let folder = ''
  let env: NodeJS.ProcessEnv = {}
  const kubectl = async (...args: string[]) => {
    const { stdout, stderr } = await run('kubectl', args, { env })
    return stdout + stderr.replaceAll(/^WARNING: version difference.*\n/gm, '')
  }
  const manifest = (name: string, value: unknown) => {
    const file = join(folder, `${name}.json`)
    writeFileSync(file, JSON.stringify(value))
    return file
  }

  beforeAll(async () => {
    kube = await startMiniKube()
    folder = mkdtempSync(join(tmpdir(), 'mini-kube-kubectl-'))
    const config = join(folder, 'kubeconfig')
    writeFileSync(config, kube.kubeConfig())
    // A separate cache folder: discovery is cached by address, and ports are reused.
    env = { ...process.env, KUBECONFIG: config, HOME: folder, KUBECACHEDIR: join(folder, 'cache') }
  })
  afterAll(async () => {
    await kube.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('applies a Job, waits for it, lists, describes and reads its log', async () => {
    const file = manifest('one', shellJob('one', 'echo hello from the pod'))
    expect(await kubectl('apply', '-f', file)).toBe('job.batch/one created\n')
    expect(await kubectl('apply', '-f', file)).toBe('job.batch/one unchanged\n')
    expect(await kubectl('wait', '--for=condition=complete', 'job/one', '--timeout=20s')).toBe(
      'job.batch/one condition met\n',
    )
    expect(await kubectl('get', 'jobs')).toMatch(/NAME +STATUS +COMPLETIONS +DURATION +AGE\none +Complete +1\/1 /)
    expect(await kubectl('get', 'pods')).toMatch(/NAME +READY +STATUS +RESTARTS +AGE\none-\w{5} +0\/1 +Completed +0 /)
    expect(await kubectl('get', 'pods', '-o', 'wide')).toContain('mini-kube')
    expect(await kubectl('logs', 'job/one')).toBe('hello from the pod\n')
    const description = await kubectl('describe', 'job', 'one')
    expect(description).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/)
    expect(description).toMatch(/Normal +Completed +\S+ +job-controller +Job completed/)
    expect(await kubectl('describe', 'pods')).toMatch(/Normal +Started .*Container started/)
    expect(await kubectl('get', 'events')).toContain('SuccessfulCreate')
    expect(await kubectl('delete', 'job', 'one')).toBe('job.batch "one" deleted\n')
    expect(await kubectl('get', 'pods')).toContain('No resources found')
  })

  it('follows a log until the pod is deleted', async () => {
    const script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    await kubectl('apply', '-f', manifest('two', shellJob('two', script)))
    await kubectl('wait', '--for=condition=ready', 'pod', '-l', 'job-name=two', '--timeout=20s')
    const follower = spawn('kubectl', ['logs', '-f', 'job/two'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const text: string[] = []
    const up = new Promise<void>((resolve) => {
      follower.stdout.on('data', (chunk: Buffer) => {
        text.push(chunk.toString())
        resolve()
      })
    })
    const closed = new Promise<void>((resolve) => follower.once('close', () => resolve()))
    await up
    await kubectl('delete', 'pod', '-l', 'job-name=two')
    await closed
    expect(text.join('')).toBe('up\nbye\n')
    await kubectl('delete', 'job', 'two', '--cascade=foreground')
  })

  it('creates objects from its command line, which it sends in protobuf', async () => {
    await kubectl('create', 'namespace', 'team')
    await kubectl('create', 'secret', 'generic', 's', '--from-literal=a=1', '-n', 'team')
    expect(await kubectl('get', 'secret', 's', '-n', 'team', '-o', 'jsonpath={.data.a}')).toBe('MQ==')
    await kubectl('create', 'configmap', 'c', '--from-literal=b=2', '-n', 'team')
    await kubectl('create', 'serviceaccount', 'bob', '-n', 'team')
    await kubectl('create', 'role', 'r', '--verb=get,list', '--resource=pods', '-n', 'team')
    await kubectl('create', 'rolebinding', 'rb', '--role=r', '--serviceaccount=team:bob', '-n', 'team')
    expect((await kubectl('create', 'token', 'bob', '-n', 'team')).split('.')).toHaveLength(3)
    expect(await kubectl('auth', 'can-i', 'list', 'pods', '-n', 'team', '--as=system:serviceaccount:team:bob')).toBe(
      'yes\n',
    )
    await expect(
      kubectl('auth', 'can-i', 'list', 'secrets', '-n', 'team', '--as=system:serviceaccount:team:bob'),
    ).rejects.toMatchObject({ stdout: 'no\n' })
    await kubectl('create', 'job', 'j', '--image=any', '-n', 'team', '--', '/bin/sh', '-c', 'echo 7')
    await kubectl('wait', '--for=condition=complete', 'job/j', '-n', 'team', '--timeout=20s')
    expect(await kubectl('logs', 'job/j', '-n', 'team')).toBe('7\n')
    expect(await kubectl('delete', 'namespace', 'team')).toBe('namespace "team" deleted\n')
  })

  it('patches, labels, annotates, and applies on the server', async () => {
    const file = manifest('map', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: '1' } })
    await kubectl('apply', '--server-side', '-f', file)
    await kubectl('patch', 'configmap', 'm', '--type=json', '-p', '[{"op":"add","path":"/data/b","value":"2"}]')
    await kubectl('label', 'configmap', 'm', 'x=y')
    await kubectl('annotate', 'configmap', 'm', 'n=o')
    expect(
      await kubectl('get', 'configmap', 'm', '-o', 'jsonpath={.data}{.metadata.labels}{.metadata.annotations}'),
    ).toBe('{"a":"1","b":"2"}{"x":"y"}{"n":"o"}')
  })

  it('explains the fields of a kind', async () => {
    expect(await kubectl('explain', 'job.spec.backoffLimit')).toMatch(/FIELD: backoffLimit <integer>/)
    expect(await kubectl('explain', 'pod.spec.containers', '--recursive')).toContain('-required-')
  })

  it('warns about unknown fields or refuses them, depending on --validate', async () => {
    const body = { ...shellJob('odd', 'true'), extra: 1 }
    const file = manifest('odd', body)
    await expect(kubectl('create', '-f', file)).rejects.toMatchObject({
      stderr: expect.stringContaining('strict decoding error: unknown field "extra"'),
    })
    const { stderr } = await run('kubectl', ['create', '--validate=warn', '-f', file], { env })
    expect(stderr).toBe('Warning: unknown field "extra"\n')
    await kubectl('delete', 'job', 'odd')
  })

  it('replaces, diffs, drains, and reports that exec is not supported', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'whole' }, data: { a: '1' } }
    await kubectl('apply', '-f', manifest('whole', map))
    const changed = manifest('whole-2', { ...map, data: { b: '2' } })
    await expect(kubectl('diff', '-f', changed)).rejects.toMatchObject({ stdout: expect.stringContaining('+  b: "2"') })
    expect(await kubectl('replace', '-f', changed)).toBe('configmap/whole replaced\n')
    const script = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"
    await kubectl('run', 'stay', '--image=any', '--restart=Never', '--', '/bin/sh', '-c', script)
    await kubectl('wait', '--for=condition=ready', 'pod/stay', '--timeout=20s')
    await expect(kubectl('exec', 'stay', '--', 'ls')).rejects.toMatchObject({
      stderr: expect.stringContaining('mini-kube cannot run a command in a container'),
    })
    expect(await kubectl('drain', 'mini-kube', '--force', '--timeout=20s')).toContain('pod/stay evicted')
    expect(await kubectl('get', 'nodes')).toContain('Ready,SchedulingDisabled')
    await kubectl('uncordon', 'mini-kube')
  })

  it('refuses with the messages of the real server', async () => {
    await expect(kubectl('get', 'pod', 'absent')).rejects.toMatchObject({
      stderr: expect.stringContaining('Error from server (NotFound): pods "absent" not found'),
    })
    await expect(kubectl('get', 'deployments')).rejects.toMatchObject({
      stderr: expect.stringContaining(`the server doesn't have a resource type "deployments"`),
    })
  })
})
