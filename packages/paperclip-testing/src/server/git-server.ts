import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeServer, listen } from './listening.ts'
import { testAuthority } from '../test-authority.ts'

/** A stand-in for github.com: git's own smart HTTP server with a password, over TLS. */
export interface GitServer {
  /** The authority that signed its certificate for github.com, PEM. */
  readonly ca: string
  /** Passwords with which someone pushed, in order. */
  readonly pushes: readonly string[]
  /** Author and message of a branch of the only repository, `acme/app`; empty without the branch. */
  head(branch: string): string
  close(): Promise<void>
}

/** Starts it on port 443 of this address, with a repository that has one commit. */
export async function startGitServer({
  address,
  passwords,
}: {
  address: string
  passwords: readonly string[]
}): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'git-server-'))
  const repository = join(root, 'acme', 'app.git')
  const git = (...args: string[]) => execFileSync('git', args, { stdio: 'pipe', encoding: 'utf8' })
  git('init', '-q', '--bare', '--initial-branch=main', repository)
  git('-C', repository, 'config', 'http.receivepack', 'true')
  const tree = git('-C', repository, 'hash-object', '-t', 'tree', '-w', '--stdin').trim()
  const someone = ['-c', 'user.name=Someone', '-c', 'user.email=someone@example.com']
  const commit = git('-C', repository, ...someone, 'commit-tree', tree, '-m', 'First').trim()
  git('-C', repository, 'update-ref', 'refs/heads/main', commit)
  const { ca, cert, key } = testAuthority(['DNS:github.com'])
  const pushes: string[] = []

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const [scheme = '', given = ''] = (request.headers.authorization ?? '').split(' ')
    const password = scheme === 'Basic' ? Buffer.from(given, 'base64').toString('utf8').split(':')[1] : undefined
    if (password === undefined || !passwords.includes(password)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="github"' }).end()
      return
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://github.com')
    if (pathname.endsWith('/git-receive-pack')) pushes.push(password)
    runBackend(request, response, { root, pathname, query: searchParams.toString() })
  }

  const server = createServer({ cert, key }, handle)
  await listen(server, 443, address)
  return {
    ca,
    pushes,
    head(branch) {
      const found = git(
        '-C',
        repository,
        'for-each-ref',
        '--format=%(authorname) %(authoremail) %(subject)',
        `refs/heads/${branch}`,
      )
      return found.trim()
    },
    async close() {
      await closeServer(server)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Runs git's CGI program (git-http-backend(1)) for one request. */
function runBackend(
  request: IncomingMessage,
  response: ServerResponse,
  { root, pathname, query }: { root: string; pathname: string; query: string },
): void {
  const { headers } = request
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      REMOTE_USER: 'someone',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(backend.stdin)
  // A client may close before it has sent everything.
  backend.stdin.on('error', () => request.unpipe(backend.stdin))
  let head = Buffer.alloc(0)
  backend.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const lines = head.subarray(0, end).toString('latin1').split('\r\n')
    const fields = Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))
    response.writeHead(Number.parseInt(fields['Status'] ?? '200', 10), { 'content-type': fields['Content-Type'] ?? '' })
    return void response.write(head.subarray(end + 4))
  })
  backend.once('close', () => response.end())
}
