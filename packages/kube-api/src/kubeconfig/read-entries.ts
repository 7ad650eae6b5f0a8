import { isRecord, type RawEntry } from './kube-config-document.ts'
import { entryFields, resolveIn, type EntryFields } from './entry-fields.ts'
import { invalidKubeConfig } from './kube-config-error.ts'
import type { ExecPlugin, KubeCluster, KubeContext, KubeUser } from './kube-config.ts'

/** An entry as data, and the names of its unknown fields. */
export interface ReadEntry<T> {
  readonly value: T
  readonly unknown: readonly string[]
}

const execExtension = 'client.authentication.k8s.io/exec'

function execConfigOf(extensions: unknown): unknown {
  if (!Array.isArray(extensions)) return undefined
  const found: unknown = extensions.find((each: unknown) => isRecord(each) && each['name'] === execExtension)
  return isRecord(found) ? found['extension'] : undefined
}

/** `host:port` without a scheme means http, as for kubectl. */
function addressOf(fields: EntryFields): string {
  const server = fields.text('server')
  if (server === undefined)
    throw invalidKubeConfig(`The ${fields.what} has no \`server\`. Set the address of the API server.`)
  const address = server.includes('://') ? server : `http://${server}`
  const url = URL.parse(address)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    throw invalidKubeConfig(`\`server\` of ${fields.what} must be an https:// address or host:port.`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalidKubeConfig(
      `\`server\` of ${fields.what} must not hold credentials, a query or a fragment. Put credentials into the user.`,
    )
  }
  return address
}

const proxySchemes = new Set(['http:', 'https:', 'socks5:', 'socks5h:', 'socks:'])

function proxyOf(fields: EntryFields): string | undefined {
  const proxyUrl = fields.text('proxy-url')
  if (proxyUrl !== undefined && !proxySchemes.has(URL.parse(proxyUrl)?.protocol ?? '')) {
    throw invalidKubeConfig(`\`proxy-url\` of ${fields.what} must begin with http://, https:// or socks5://.`)
  }
  return proxyUrl
}

/** Reads one cluster. */
export function readCluster(name: string, entry: RawEntry): ReadEntry<KubeCluster> {
  const fields = entryFields(entry, `cluster "${name}"`)
  const caData = fields.text('certificate-authority-data')
  const caFile = fields.path('certificate-authority')
  const skipTLSVerify = fields.flag('insecure-skip-tls-verify')
  if (skipTLSVerify && (caData ?? caFile) !== undefined) {
    throw invalidKubeConfig(
      `The ${fields.what} sets both \`insecure-skip-tls-verify\` and a certificate authority. Remove one of them.`,
    )
  }
  fields.flag('disable-compression')
  const value: KubeCluster = {
    name,
    server: addressOf(fields),
    caData,
    caFile: caData === undefined ? caFile : undefined,
    tlsServerName: fields.text('tls-server-name'),
    skipTLSVerify,
    proxyUrl: proxyOf(fields),
    execConfig: execConfigOf(entry.fields['extensions']),
  }
  return { value, unknown: fields.unread() }
}

function readExecEnv(value: unknown, what: string): { name: string; value: string }[] {
  if (!Array.isArray(value)) throw invalidKubeConfig(`\`exec.env\` of ${what} must be a list.`)
  return value.map((each: unknown) => {
    const name = isRecord(each) ? each['name'] : undefined
    const text = isRecord(each) ? (each['value'] ?? '') : undefined
    if (typeof name === 'string' && name !== '' && typeof text === 'string') return { name, value: text }
    throw invalidKubeConfig(`Each entry of \`exec.env\` of ${what} must have a \`name\` and a \`value\`, both strings.`)
  })
}

function readExec(exec: Record<string, unknown>, { folder, source }: RawEntry, user: string): ExecPlugin {
  const fields = entryFields({ fields: exec, folder, source }, `the exec plugin of user "${user}"`)
  const command = fields.text('command')
  if (command === undefined)
    throw invalidKubeConfig(`The exec plugin of user "${user}" in ${source} has no \`command\`.`)
  const env = exec['env'] ?? undefined
  return {
    apiVersion: fields.text('apiVersion'),
    // A name without a slash is found in PATH.
    command: command.includes('/') ? resolveIn(folder, command) : command,
    args: fields.texts('args'),
    env: env === undefined ? undefined : readExecEnv(env, `user "${user}" in ${source}`),
    installHint: fields.text('installHint'),
    provideClusterInfo: fields.flag('provideClusterInfo'),
    interactiveMode: fields.text('interactiveMode'),
  }
}

function readAuthProvider(provider: Record<string, unknown>, what: string): NonNullable<KubeUser['authProvider']> {
  const { name, config } = provider
  if (typeof name !== 'string' || name === '') throw invalidKubeConfig(`\`auth-provider\` of ${what} has no \`name\`.`)
  return { name, config: isRecord(config) ? config : {} }
}

function readExtra(fields: EntryFields): KubeUser['impersonateExtra'] {
  const extra = fields.record('as-user-extra')
  if (extra === undefined) return undefined
  for (const [key, values] of Object.entries(extra)) {
    if (Array.isArray(values) && values.every((each) => typeof each === 'string')) continue
    throw invalidKubeConfig(`\`as-user-extra.${key}\` of ${fields.what} must be a list of strings.`)
  }
  return extra as Record<string, string[]>
}

/** Rejects what kubectl rejects: two kinds of credentials, or half of one. */
function refuseContradictions(user: KubeUser, what: string): void {
  const ways = [
    (user.token ?? user.tokenFile) !== undefined && '`token`',
    user.username !== undefined && '`username`',
    user.exec !== undefined && '`exec`',
    user.authProvider !== undefined && '`auth-provider`',
  ].filter((way) => way !== false)
  if (ways.length > 1)
    throw invalidKubeConfig(
      `The ${what} has more than one way to authenticate: ${ways.join(' and ')}. Keep one of them.`,
    )
  const hasCert = (user.certData ?? user.certFile) !== undefined
  const hasKey = (user.keyData ?? user.keyFile) !== undefined
  if (hasCert !== hasKey) {
    throw invalidKubeConfig(
      `The ${what} has a client ${hasCert ? 'certificate without a key' : 'key without a certificate'}. Set both.`,
    )
  }
  const others = user.impersonateUid ?? user.impersonateGroups ?? user.impersonateExtra
  if (others !== undefined && user.impersonateUser === undefined) {
    throw invalidKubeConfig(`The ${what} impersonates a uid, groups or extra fields without a user. Set \`as\`.`)
  }
}

/** Reads one user. */
export function readUser(name: string, entry: RawEntry): ReadEntry<KubeUser> {
  const fields = entryFields(entry, `user "${name}"`)
  const exec = fields.record('exec')
  const authProvider = fields.record('auth-provider')
  const [certData, keyData] = [fields.text('client-certificate-data'), fields.text('client-key-data')]
  const [certFile, keyFile] = [fields.path('client-certificate'), fields.path('client-key')]
  const value: KubeUser = {
    name,
    certData,
    certFile: certData === undefined ? certFile : undefined,
    keyData,
    keyFile: keyData === undefined ? keyFile : undefined,
    token: fields.text('token'),
    tokenFile: fields.path('tokenFile'),
    username: fields.text('username'),
    password: fields.text('password'),
    impersonateUser: fields.text('as'),
    impersonateUid: fields.text('as-uid'),
    impersonateGroups: fields.texts('as-groups'),
    impersonateExtra: readExtra(fields),
    exec: exec === undefined ? undefined : readExec(exec, entry, name),
    authProvider: authProvider === undefined ? undefined : readAuthProvider(authProvider, fields.what),
  }
  refuseContradictions(value, fields.what)
  return { value, unknown: fields.unread() }
}

/** Reads one context. */
export function readContext(name: string, entry: RawEntry): ReadEntry<KubeContext> {
  const fields = entryFields(entry, `context "${name}"`)
  const value: KubeContext = {
    name,
    cluster: fields.text('cluster') ?? '',
    user: fields.text('user'),
    namespace: fields.text('namespace'),
  }
  return { value, unknown: fields.unread() }
}
