import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority of a test, and a certificate that it signed. All PEM. */
export interface TestAuthority {
  ca: string
  cert: string
  key: string
}

/** Creates one for these subject alternative names, such as `DNS:github.com`. Needs openssl. */
export function testAuthority(subjects: readonly string[]): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'test-authority-'))
  try {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Company', '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', ...newKey, '-subj', '/CN=intercepted', '-keyout', 'own.key', '-out', 'own.csr')
    writeFileSync(join(folder, 'ext'), `subjectAltName=${subjects.join(',')}`)
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2', '-extfile', 'ext', '-out', 'own.pem']
    openssl('x509', '-req', '-in', 'own.csr', ...signed)
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    return { ca: read('ca.pem'), cert: read('own.pem'), key: read('own.key') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
