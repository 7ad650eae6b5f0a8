import { spawn, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { artifactMark, lackOf, wrapCommand, type Workspace } from './wrapper.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-wrapper-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const nothing: Workspace = { copyIn: [], copyOut: [] }
// Prints what the agent would see: its arguments, its standard input and its folder.
const agent = ['sh', '-c', 'echo "args:$*"; echo "stdin:$(cat)"; ls', 'agent', "it's", '$HOME', 'a b']

async function run(
  options: Partial<Parameters<typeof wrapCommand>[0]>,
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string; cwd: string }> {
  const cwd = await mkdtemp(join(folder, 'work-'))
  const [command = '', ...args] = wrapCommand({ argv: agent, workspace: nothing, needsBash: false, ...options })
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], HOME: folder, ...env } })
  child.stdin.end('the prompt')
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err, cwd }
}

describe('wrapCommand', () => {
  it('is the command itself when there is nothing to do', () => {
    expect(wrapCommand({ argv: agent, workspace: nothing, needsBash: false })).toEqual(agent)
  })

  it('passes arguments and standard input on unchanged', async () => {
    const seen = "args:it's $HOME a b\nstdin:the prompt\n"
    expect(await run({ needsBash: true })).toMatchObject({ code: 0, out: seen, err: '' })
    expect((await run({ workspace: { ...nothing, copyOut: ['absent'] } })).out).toBe(
      `${seen}${artifactMark} 0 absent\n`,
    )
  })

  it('says before the run that the image has no bash, and which agent it lacks', async () => {
    const bin = join(folder, 'bin')
    await mkdir(bin)
    for (const name of ['sh', 'cat', 'ls'])
      await symlink(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(bin, name))
    const { code, err } = await run({ needsBash: true }, { PATH: bin })
    expect({ code, err }).toEqual({ code: 0, err: 'The image has no bash or zsh: the agent cannot run commands.\n' })
    const lacking = await run({ needsBash: true, argv: ['claude'] }, { PATH: bin })
    expect(lackOf(lacking.code)).toBe('agent')
  })

  it('fetches one commit of a repository, by branch, tag or default', async () => {
    const origin = join(folder, 'origin')
    await mkdir(origin)
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: origin })
    git('init', '-q', '-b', 'main')
    await writeFile(join(origin, 'file.txt'), 'main')
    git('add', '.')
    git('commit', '-qm', 'one')
    git('checkout', '-qb', 'topic/x')
    await writeFile(join(origin, 'topic.txt'), 'topic')
    git('add', '.')
    git('commit', '-qm', 'two')
    git('checkout', '-q', 'main')
    const url = `file://${origin}`
    expect((await run({ workspace: { ...nothing, git: { url, ref: undefined } } })).out).toContain(
      'the prompt\nfile.txt\n',
    )
    expect((await run({ workspace: { ...nothing, git: { url, ref: 'topic/x' } } })).out).toContain(
      'file.txt\ntopic.txt\n',
    )
    expect(await run({ workspace: { ...nothing, git: { url, ref: 'absent' } } })).toMatchObject({
      code: 1,
      err: expect.stringContaining(`agent-jobs: cannot fetch absent of ${url}`),
    })
  })

  it('unpacks what is copied in, also into a folder with a space', async () => {
    const source = join(folder, 'source')
    await mkdir(source)
    await writeFile(join(source, 'in.txt'), 'in')
    const archive = join(folder, 'in.tgz')
    execFileSync('tar', ['-czf', archive, '-C', source, '.'])
    const { out, cwd } = await run({
      workspace: {
        ...nothing,
        copyIn: [
          { archive, path: '.' },
          { archive, path: 'sub folder' },
        ],
      },
    })
    expect(out).toContain('in.txt\nsub folder\n')
    expect(await readFile(join(cwd, 'sub folder', 'in.txt'), 'utf8')).toBe('in')
  })

  it('prints what is copied out after the agent, and ends with its exit code', async () => {
    const argv = ['sh', '-c', 'mkdir -p "out dir"; echo result >"out dir/a.txt"; echo done; exit 7']
    const { code, out } = await run({ argv, workspace: { ...nothing, copyOut: ['out dir', 'absent'] } })
    expect(code).toBe(7)
    const [first, ...rest] = out.trim().split('\n')
    expect(first).toBe('done')
    const data = rest.flatMap((line) => new RegExp(`^${artifactMark} 0 data (.*)$`).exec(line)?.[1] ?? []).join('')
    const packed = join(folder, 'out.tgz')
    await writeFile(packed, Buffer.from(data, 'base64'))
    expect(execFileSync('tar', ['-xzOf', packed, 'out dir/a.txt'], { encoding: 'utf8' })).toBe('result\n')
    expect(rest.at(-2)).toBe(`${artifactMark} 0 end`)
    expect(rest.at(-1)).toBe(`${artifactMark} 1 absent`)
  })
})
