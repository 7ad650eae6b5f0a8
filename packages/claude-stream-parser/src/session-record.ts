import { bounded, isJsonObject, type JsonObject, listOf, memberOf, textOf } from '@agent-jobs/stream-parser-core'

/** The members of `init` that a summary shows. */
export interface InitFacts {
  readonly line: number
  readonly model: string | null
  readonly cwd: string | null
  readonly claudeCodeVersion: string | null
  readonly permissionMode: string | null
  readonly apiKeySource: string | null
  /** MCP servers with another status than `connected`. */
  readonly mcpServersDown: readonly string[]
}

/** Keeps which session the lines belong to, how it was set up, and which model answers. */
export interface SessionRecord {
  /** Any line: most carry the session's id. */
  seen(value: JsonObject): void
  init(value: JsonObject, line: number): void
  answeredBy(model: string | null): void
  readonly id: string | null
  /** The last `init`; null before the first. */
  readonly started: InitFacts | null
  /** The model that answered last. */
  readonly model: string | null
}

const maxIdChars = 500
const maxChars = 4_000

/** See {@link SessionRecord}. */
export function createSessionRecord(): SessionRecord {
  let id: string | null = null
  let started: InitFacts | null = null
  let model: string | null = null
  return {
    seen(value) {
      const session = textOf(value, 'session_id')
      if (session !== null && session !== id) id = bounded(session, maxIdChars)
    },
    init(value, line) {
      started = readInit(value, line)
    },
    answeredBy(name) {
      if (name !== null) model = bounded(name, maxIdChars)
    },
    get id() {
      return id
    },
    get started() {
      return started
    },
    get model() {
      return model
    },
  }
}

/** The lists of `init` are long and not kept. */
function readInit(value: JsonObject, line: number): InitFacts {
  const of = (key: string): string | null => {
    const text = textOf(value, key)
    return text === null ? null : bounded(text, maxChars)
  }
  return {
    line,
    model: of('model'),
    cwd: of('cwd'),
    claudeCodeVersion: of('claude_code_version'),
    permissionMode: of('permissionMode'),
    apiKeySource: of('apiKeySource'),
    mcpServersDown: listOf(value, 'mcp_servers')
      .slice(0, 100)
      .filter((server) => isJsonObject(server) && memberOf(server, 'status') !== 'connected')
      .map((server) => bounded((isJsonObject(server) && textOf(server, 'name')) || '(unnamed)', 200)),
  }
}
