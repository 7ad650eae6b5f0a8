import { systemErrorCode } from '@agent-jobs/primitives'
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { CredentialProblem } from './credential-problem.ts'

/** PEM text from a kubeconfig. */
export interface PemSource {
  /** The field that contains it, for messages. */
  readonly field: string
  readonly data: string | undefined
  readonly file: string | undefined
}

/** A PEM text and its field. */
interface Pem {
  readonly text: string
  readonly field: string
}

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Reads a PEM text from base64 data or a file; data wins. */
export function readPem({ field, data, file }: PemSource): Pem | undefined {
  if (data) {
    const text = Buffer.from(data, 'base64').toString('utf8')
    if (text.includes('-----BEGIN ')) return { text, field: `\`${field}-data\`` }
    const isPlain = data.includes('-----BEGIN ')
    throw new CredentialProblem(
      `\`${field}-data\` is not PEM in base64${isPlain ? ': it is PEM as it stands. Encode it with base64' : ''}`,
    )
  }
  if (!file) return undefined
  try {
    return { text: readFileSync(file, 'utf8'), field: `\`${field}\` (${file})` }
  } catch (cause) {
    throw new CredentialProblem(`cannot read \`${field}\` ${file} (${systemErrorCode(cause)})`, { cause })
  }
}

function parseCertificates({ text, field }: Pem): X509Certificate[] {
  try {
    const certificates = (text.match(block) ?? []).map((each) => new X509Certificate(each))
    if (certificates.length > 0) return certificates
  } catch (cause) {
    throw new CredentialProblem(`${field} holds a damaged certificate`, { cause })
  }
  throw new CredentialProblem(`${field} holds no PEM certificate`)
}

function parseKey({ text, field }: Pem): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    const isEncrypted = systemErrorCode(cause) === 'ERR_MISSING_PASSPHRASE' || text.includes('ENCRYPTED')
    const why = isEncrypted ? 'is encrypted, and there is no passphrase for it' : 'is not a PEM private key'
    throw new CredentialProblem(`${field} ${why}`, { cause })
  }
}

/** Checks the authority's certificates, so that a damaged file is reported rather than blamed on the server. */
export function checkAuthority(pem: Pem | undefined): string | undefined {
  if (pem !== undefined) parseCertificates(pem)
  return pem?.text
}

/** Checks a client certificate, and that the key belongs to it. */
export function checkKeyPair(cert: Pem, key: Pem): { cert: string; key: string } {
  const [leaf] = parseCertificates(cert)
  if (leaf?.checkPrivateKey(parseKey(key)) !== true) {
    throw new CredentialProblem(`${key.field} is not the key of the certificate in ${cert.field}`)
  }
  return { cert: cert.text, key: key.text }
}
