import { isLoopback } from '../loopback.ts'
import { refusedKubeConfig } from './kube-config-error.ts'
import type { KubeCluster, KubeUser } from './kube-config.ts'

/**
 * How far the author of a kubeconfig is trusted:
 * - `data`: it may hold addresses, certificates, keys and tokens, and nothing that makes this process read a file, run a
 *   program, use a proxy or skip a check;
 * - `paths`: it may also name files to read, a proxy, and skip the check of the server's certificate;
 * - `plugins`: it may also name programs to run. Only for a kubeconfig of the person or operator who runs this process.
 */
export type KubeConfigTrust = 'data' | 'paths' | 'plugins'

type Needs = Exclude<KubeConfigTrust, 'data'>

const remedies: Readonly<Record<string, string>> = {
  'certificate-authority':
    'Put the certificate itself into `certificate-authority-data` (kubectl config view --raw --flatten).',
  'client-certificate':
    'Put the certificate itself into `client-certificate-data` (kubectl config view --raw --flatten).',
  'client-key': 'Put the key itself into `client-key-data` (kubectl config view --raw --flatten).',
  tokenFile: 'Put the token itself into `token`.',
  exec: 'Use a token instead (kubectl create token).',
  'auth-provider': 'Use a token instead (kubectl create token).',
  'proxy-url': 'Reach the server without it.',
  'insecure-skip-tls-verify': 'Set `certificate-authority-data`.',
}

// Without TLS there is nothing to verify, and traffic on this machine cannot be intercepted.
const isLocalPlain = ({ server }: KubeCluster): boolean => server.startsWith('http:') && isLoopback(server)

function demands(cluster: KubeCluster, user: KubeUser | undefined): [field: string, needs: Needs, owner: string][] {
  const ofCluster = `cluster "${cluster.name}"`
  const ofUser = `user "${user?.name}"`
  const found: [string, Needs, string, unknown][] = [
    ['certificate-authority', 'paths', ofCluster, cluster.caFile],
    ['insecure-skip-tls-verify', 'paths', ofCluster, cluster.skipTLSVerify && !isLocalPlain(cluster)],
    ['proxy-url', 'paths', ofCluster, cluster.proxyUrl],
    ['client-certificate', 'paths', ofUser, user?.certFile],
    ['client-key', 'paths', ofUser, user?.keyFile],
    ['tokenFile', 'paths', ofUser, user?.tokenFile],
    ['exec', 'plugins', ofUser, user?.exec],
    ['auth-provider', 'plugins', ofUser, user?.authProvider],
  ]
  return found.flatMap(([field, needs, owner, value]) =>
    value === undefined || value === false ? [] : [[field, needs, owner]],
  )
}

/** Rejects, by name, every field that requires more than this trust. */
export function refuseUntrusted(
  trust: KubeConfigTrust,
  { cluster, user, unknown }: { cluster: KubeCluster; user: KubeUser | undefined; unknown: readonly string[] },
): void {
  if (trust === 'plugins') return
  const refused = demands(cluster, user).filter(([, needs]) => needs !== trust)
  const [first] = refused
  if (first) {
    const named = refused.map(([field, , owner]) => `\`${field}\` of ${owner}`).join(', ')
    throw refusedKubeConfig(
      `This kubeconfig may hold data only, and these fields make the server read files, run programs or skip a check: ${named}. ${remedies[first[0]] ?? ''}`,
    )
  }
  if (unknown.length > 0) {
    throw refusedKubeConfig(
      `This kubeconfig has fields that are not supported: ${unknown.map((name) => `\`${name}\``).join(', ')}. Remove them.`,
    )
  }
}
