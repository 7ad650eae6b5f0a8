import { createClaudeParser } from '@agent-jobs/claude-stream-parser'
import { createCodexParser } from '@agent-jobs/codex-stream-parser'
import { createOpencodeParser } from '@agent-jobs/opencode-stream-parser'

/** How a run ended, for the parser. */
interface End {
  readonly exitCode: number | null
  readonly stderr: string
}

/** One command line that the radar watches. A further agent is one more entry of {@link agents}. */
export interface WatchedAgent {
  readonly name: string
  /** Its package on npm, and the executable in it. */
  readonly package: string
  readonly file: string
  /** Arguments, environment and files below the home folder of a run against the model API at `url`. */
  prepare(url: string): {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
    readonly files?: Readonly<Record<string, string>>
  }
  /** What our parser makes of the output: members whose change matters. */
  verdict(stdout: string, end: End): Record<string, unknown>
}

const claude: WatchedAgent = {
  name: 'claude',
  package: '@anthropic-ai/claude-code',
  file: 'bin/claude.exe',
  prepare: (url) => ({
    args: [
      '--print',
      '--output-format',
      'stream-json',
      '--verbose',
      '--dangerously-skip-permissions',
      '--max-turns',
      '4',
    ],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'sk-scripted',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
    },
  }),
  verdict(stdout, end) {
    const parser = createClaudeParser()
    parser.feed(stdout)
    const { errorCode, finished, clearSession, sessionStarted, unknownTypes, usageBasis, results, result } =
      parser.end(end)
    return {
      errorCode,
      finished,
      clearSession,
      sessionStarted,
      unknownTypes,
      usageBasis,
      results,
      hasResult: Boolean(result),
    }
  },
}

const opencode: WatchedAgent = {
  name: 'opencode',
  package: 'opencode-ai',
  file: 'bin/opencode.exe',
  prepare(url) {
    const model = { name: 'Demo', limit: { context: 200_000, output: 32_000 }, reasoning: true, tool_call: true }
    const options = { baseURL: `${url}/v1`, apiKey: 'dummy' }
    const provider = { lab: { npm: '@ai-sdk/openai-compatible', name: 'Lab', options, models: { demo: model } } }
    const config = { autoupdate: false, share: 'disabled', provider, agent: { build: { steps: 4 } } }
    return {
      args: ['run', '--format', 'json', '--model', 'lab/demo'],
      env: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' },
      files: { '.config/opencode/opencode.json': JSON.stringify(config) },
    }
  },
  verdict(stdout, end) {
    const parser = createOpencodeParser()
    parser.feed(stdout)
    const { errorCode, finished, clearSession, answered, unknownTypes, usageBasis, result } = parser.end(end)
    return { errorCode, finished, clearSession, answered, unknownTypes, usageBasis, hasResult: Boolean(result) }
  },
}

const codex: WatchedAgent = {
  name: 'codex',
  package: '@openai/codex',
  file: 'bin/codex.js',
  prepare(url) {
    const settings = {
      model_provider: '"lab"',
      check_for_update_on_startup: 'false',
      'analytics.enabled': 'false',
      'model_providers.lab.name': '"Lab"',
      'model_providers.lab.base_url': JSON.stringify(`${url}/v1`),
      'model_providers.lab.env_key': '"LAB_API_KEY"',
      'model_providers.lab.wire_api': '"responses"',
    }
    const off = ['plugins', 'remote_plugin', 'apps', 'unbounded_connection_retries']
    return {
      args: [
        'exec',
        '--json',
        '--skip-git-repo-check',
        '--dangerously-bypass-approvals-and-sandbox',
        '-m',
        'gpt-5.5',
        ...off.flatMap((name) => ['--disable', name]),
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        '-',
      ],
      env: { LAB_API_KEY: 'sk-scripted' },
      files: { '.codex/.keep': '' },
    }
  },
  verdict(stdout, end) {
    const parser = createCodexParser({ previousUsage: null })
    parser.feed(stdout)
    const { errorCode, finished, clearSession, unknownTypes, usageBasis, result } = parser.end(end)
    return { errorCode, finished, clearSession, unknownTypes, usageBasis, hasResult: Boolean(result) }
  },
}

/** The command lines that the radar watches. */
export const agents: readonly WatchedAgent[] = [claude, opencode, codex]
