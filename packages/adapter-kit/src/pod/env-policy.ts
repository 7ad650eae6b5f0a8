/** What the rule says about one inherited variable, and why. */
export type EnvVerdict = { keep: true; sensitive: boolean } | { keep: false; reason: 'denied' | 'server_only' }

/** The user's own additions to the rule. `*` matches anything. */
export interface EnvPolicy {
  allow: readonly string[]
  deny: readonly string[]
}

function globPattern(globs: readonly string[]): RegExp | null {
  if (globs.length === 0) return null
  const escaped = globs.map((glob) =>
    glob
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*'),
  )
  return new RegExp(`^(?:${escaped.join('|')})$`)
}

/** True when one of the globs matches. */
export function matchesAny(name: string, globs: readonly string[]): boolean {
  return globPattern(globs)?.test(name) ?? false
}

// What a Paperclip server needs for itself. An agent runs other people's text with a shell: whoever can make it print
// its environment would own the database, every session and every agent's token.
const serverOnly = globPattern([
  // Paperclip's own variables are set afresh for each run; the server's say where its data lies and sign tokens.
  'PAPERCLIP_*',
  'BETTER_AUTH_*',
  'AUTH_*',
  'NEXTAUTH_*',
  '*_AUTH_SECRET',
  'JWT_*',
  '*_JWT_*',
  '*JWT_SECRET*',
  'DATABASE_*',
  '*_DATABASE_*',
  'DB_*',
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGDATABASE',
  'PGPASSFILE',
  'PGSSL*',
  'POSTGRES_*',
  'POSTGRESQL_*',
  'MYSQL_*',
  'MONGO*',
  'REDIS_*',
  '*_REDIS_URL',
  '*_DSN',
  'GITHUB_APP_*',
  'GITHUB_CLIENT_*',
  'GH_APP_*',
  'GITHUB_WEBHOOK_*',
  'SLACK_*',
  'DISCORD_*',
  'TELEGRAM_*',
  'STRIPE_*',
  'SMTP_*',
  'SENDGRID_*',
  'RESEND_*',
  'MAILGUN_*',
  '*_CLIENT_SECRET',
  '*_WEBHOOK_SECRET',
  '*_SIGNING_*',
  '*_ENCRYPTION_*',
  'ENCRYPTION_*',
  '*_MASTER_KEY',
  'MASTER_KEY',
  'SECRETS_MASTER_*',
  'SESSION_*',
  '*_SESSION_SECRET',
  'COOKIE_*',
  '*_COOKIE_SECRET',
  'SENTRY_*',
  'KUBECONFIG',
  'KUBERNETES_*',
  // These change how a process runs; the server's heap size or preload would break the agent.
  'NODE_OPTIONS',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'HOST',
  'HOSTNAME',
  'PORT',
  'LISTEN_*',
  'SERVE_UI',
  'HOME',
  'PWD',
  'USER',
  'SHELL',
])

// Named as sensitive but made for agents.
const forAgents = globPattern([
  // Made by an operator for all agents; Paperclip's own adapter reads them from the server.
  'PAPERCLIP_OPENCODE_*',
  'ANTHROPIC_*',
  'CLAUDE_*',
  'OPENAI_*',
  'OPENROUTER_*',
  'GEMINI_*',
  'GOOGLE_*',
  'AWS_*',
  'AZURE_*',
  'MISTRAL_*',
  'GROQ_*',
  'XAI_*',
  'DEEPSEEK_*',
  'OPENCODE_*',
  'GITHUB_TOKEN',
  'GH_TOKEN',
])

const sensitiveName =
  /(?:^|_)(?:API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|KEY|KEYS|TOKEN|TOKENS|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|PAT|CREDENTIAL|CREDENTIALS|AUTH|BEARER|COOKIE|HEADERS|DSN|CERT|JSON|PROVIDERS)(?:_|$)/i
const sensitiveValue =
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-ant-|\bgh[pousr]_[A-Za-z0-9]{20}/
const databaseUrl = /^(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?):\/\//i

/** True when a variable's value must not stand in a Job that everybody with `jobs get` can read. */
export function isSensitive(name: string, value = ''): boolean {
  return sensitiveName.test(name) || sensitiveValue.test(value)
}

/** Decides whether an agent may see a variable of the server; the value is known for literals only. */
export function judgeInherited(name: string, policy: EnvPolicy, value = ''): EnvVerdict {
  if (matchesAny(name, policy.deny)) return { keep: false, reason: 'denied' }
  if (matchesAny(name, policy.allow)) return { keep: true, sensitive: isSensitive(name, value) }
  if (forAgents?.test(name)) return { keep: true, sensitive: isSensitive(name, value) }
  if (serverOnly?.test(name) || databaseUrl.test(value)) return { keep: false, reason: 'server_only' }
  return { keep: true, sensitive: isSensitive(name, value) }
}
