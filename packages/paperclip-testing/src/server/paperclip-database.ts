import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installFolder } from './paperclip-install.ts'

/** What is used of the `postgres` package, which Paperclip itself brings along. */
interface Sql {
  unsafe(query: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  end(): Promise<void>
}

/** Opens the embedded database of a running server: for what people set up in a browser at other companies' sites. */
export async function withDatabase<T>(
  { volume, instance }: { volume: string; instance: string },
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const port = Number(readFileSync(join(volume, 'instances', instance, 'db', 'postmaster.pid'), 'utf8').split('\n')[3])
  const load = createRequire(join(installFolder, 'rt', 'node_modules', '@paperclipai', 'db', 'package.json'))
  const { default: connect } = load('postgres') as { default: (url: string, options: object) => Sql }
  const sql = connect(`postgres://paperclip:paperclip@127.0.0.1:${port}/paperclip`, {
    max: 1,
    onnotice: () => undefined,
  })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

/** Connects GitHub for one agent, as the browser flow at github.com does: the rows that Paperclip reads. */
export async function connectGitHub(
  sql: Sql,
  { company, agent, secret, login, userId }: Record<'company' | 'agent' | 'secret' | 'login' | 'userId', string>,
): Promise<void> {
  const [application, connection] = [randomUUID(), randomUUID()]
  await sql.unsafe(`insert into tool_applications (id, company_id, name, type) values ($1, $2, $3, 'mcp_http')`, [
    application,
    company,
    `GitHub ${connection}`,
  ])
  await sql.unsafe(
    `insert into tool_connections (id, company_id, application_id, name, uid, transport, status, enabled, config, health_status)
     values ($1, $2, $3, 'GitHub', $4, 'rest_api', 'active', true, $5::text::jsonb, 'ok')`,
    [connection, company, application, `github-${connection}`, JSON.stringify({ sourceTemplateKey: 'github' })],
  )
  await sql.unsafe(
    `insert into tool_connection_installs (company_id, connection_id, target_type, target_id) values ($1, $2, 'agent', $3)`,
    [company, connection, agent],
  )
  await sql.unsafe(
    `insert into connection_grants (company_id, connection_id, kind, subject_agent_id, provider_tenant, credential_secret_refs)
     values ($1, $2, 'agent', $3, $4::text::jsonb, $5::text::jsonb)`,
    [
      company,
      connection,
      agent,
      JSON.stringify({ github: { login, userId, installationCount: 1, repositoryCount: 1 } }),
      JSON.stringify([{ configPath: 'oauth.access_token', secretId: secret }]),
    ],
  )
}

/** Makes an AI connection that a company shares, and binds one agent to it, as the browser does after the key was checked. */
export async function connectModel(
  sql: Sql,
  { company, agent, secret, provider }: Record<'company' | 'agent' | 'secret' | 'provider', string>,
): Promise<void> {
  const [application, connection, grant] = [randomUUID(), randomUUID(), randomUUID()]
  await sql.unsafe(`insert into tool_applications (id, company_id, name, type) values ($1, $2, $3, 'mcp_http')`, [
    application,
    company,
    `AI ${connection}`,
  ])
  await sql.unsafe(
    `insert into tool_connections (id, company_id, application_id, name, uid, connection_purpose, transport, status, enabled, config, health_status)
     values ($1, $2, $3, 'Shared key', $4, 'ai', 'runtime_auth', 'active', true, $5::text::jsonb, 'ok')`,
    [connection, company, application, `ai-${connection}`, JSON.stringify({ ai: { provider, method: 'api_key' } })],
  )
  await sql.unsafe(
    `insert into tool_connection_installs (company_id, connection_id, target_type, target_id) values ($1, $2, 'agent', $3)`,
    [company, connection, agent],
  )
  await sql.unsafe(
    `insert into connection_grants (id, company_id, connection_id, kind, credential_secret_refs)
     values ($1, $2, $3, 'organization', $4::text::jsonb)`,
    [grant, company, connection, JSON.stringify([{ configPath: 'ai.credential', secretId: secret }])],
  )
  await sql.unsafe(
    `insert into company_secret_bindings (company_id, secret_id, target_type, target_id, config_path)
     values ($1, $2, 'tool_connection', $3, 'ai.credential')`,
    [company, secret, connection],
  )
  const binding = { provider, method: 'api_key', mode: 'shared', connectionId: connection, grantId: grant }
  await sql.unsafe(`update agents set runtime_config = $2::text::jsonb where id = $1`, [
    agent,
    JSON.stringify({ aiConnection: binding }),
  ])
}
