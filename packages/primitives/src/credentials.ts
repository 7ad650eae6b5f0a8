// Words that mark a credential wherever they occur in a name (`JWTSECRET`, `PGPASSWORD`), and words that do so only on
// their own (`API_KEY`, but not `KEYBOARD`).
const sensitiveName =
  /TOKEN(?!IZ)|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(?:API|ACCESS|PRIVATE)_?KEY|(?:^|_)(?:KEY|KEYS|PASS|PAT|AUTH|AUTHORIZATION|BEARER|COOKIE|HEADERS|DSN|CERT|JSON|PROVIDERS)(?:_|$)/i
const sensitiveValue =
  /^[a-z][a-z0-9+.-]{0,40}:\/\/[^/\s:@]{0,500}:[^/\s@]{1,4000}@|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----|\bsk-ant-|\bgh[pousr]_[A-Za-z0-9]{20}/
const pathName = /(?:_FILE|_DIR|_PATH|_CERTS|_BUNDLE|_CAINFO|_CAPATH|_APPLICATION_CREDENTIALS)$/i

/** Whether the value of a variable is a credential, by its name or its form, and must not appear in output. */
export function isSensitive(name: string, value = ''): boolean {
  // `GOOGLE_APPLICATION_CREDENTIALS` and the like name a file; the path of a credential is not secret.
  if (pathName.test(name) && value.startsWith('/')) return false
  return sensitiveName.test(name) || hasSensitiveForm(value)
}

/** Whether a value is a credential by its form alone: a login in a URL, a private key, a provider's key. */
export function hasSensitiveForm(value: string): boolean {
  return sensitiveValue.test(value)
}

// Forms that providers document for their keys and tokens. Each begins with a fixed prefix and has a bounded length, so that
// no text is slow to search.
const credentialForms = new RegExp(
  [
    String.raw`\bsk-(?:ant-|proj-|svcacct-|admin-|or-v1-|lf-)?[\w-]{20,256}`,
    String.raw`\bgh[pousr]_[A-Za-z0-9]{20,255}`,
    String.raw`\bgithub_pat_\w{20,255}`,
    String.raw`\bglpat-[\w-]{20,255}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}`,
    String.raw`\bhf_[A-Za-z0-9]{30,64}`,
    String.raw`\bxox[abeprs]-[\w-]{10,255}`,
    String.raw`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
    String.raw`\bAIza[\w-]{35}`,
    String.raw`\beyJ[\w-]{10,1024}\.eyJ[\w-]{10,4096}\.[\w-]{10,1024}`,
    String.raw`(?<=:\/\/[^/\s:@]{1,100}:)[^/\s@]{1,255}(?=@)`,
    String.raw`-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{1,16384}`,
  ].join('|'),
  'g',
)

/**
 * Hides what has the form of a well-known credential in a text. For output whose credentials are not known; a credential
 * without such a form stays visible.
 */
export function hideCredentialForms(text: string): string {
  return text.replaceAll(credentialForms, '***')
}
