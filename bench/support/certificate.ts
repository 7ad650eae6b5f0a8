import { execFileSync } from 'node:child_process'

/** Writes `server.crt` and `server.key` for 127.0.0.1 into a folder, with the system's openssl. */
export function writeCertificate(folder: string): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key']
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'server.crt', '-days', '2', ...subject], {
    cwd: folder,
    stdio: 'ignore',
  })
}
