import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Part of the operating system, not of a package.
const tool = 'openssl'

/** Whether certificates can be made here. */
export function hasOpenssl(): boolean {
  try {
    execFileSync(tool, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A test's certificate authority, with a folder for what it signs. */
export interface TestAuthority extends Disposable {
  readonly folder: string
  /** Path of a file in its folder. */
  file(name: string): string
  text(name: string): string
  base64(name: string): string
  /** Makes `name.crt` and `name.key`, signed by `ca.crt`. */
  sign(name: string, subject: string, alternative?: string): void
}

/** Makes an authority in a folder of its own. */
export function createAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'kube-api-tls-'))
  const file = (name: string) => join(folder, name)
  const openssl = (line: string) => execFileSync(tool, line.split(' '), { cwd: folder, stdio: 'ignore' })
  openssl(
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test',
  )
  return {
    folder,
    file,
    text: (name) => readFileSync(file(name), 'utf8'),
    base64: (name) => readFileSync(file(name)).toString('base64'),
    sign(name, subject, alternative = 'DNS:kube.test') {
      const request = `req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${name}.key -out ${name}.csr -subj ${subject}`
      openssl(`${request} -addext subjectAltName=${alternative}`)
      openssl(`x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -out ${name}.crt -days 2 -copy_extensions copy`)
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
