import { posix } from 'node:path'
import type { AgentFile } from '@agent-jobs/adapter-kit'
import type { CodexSettings } from './codex-settings.ts'
import { programText } from './program-text.generated.ts'
import type { StartOrder } from './program/start-codex.ts'
import type { CodexPlaces } from './session-store.ts'

/** Puts the program before Codex's command line that prepares its home and reports what it does not print (`program/main.ts`). */
export function startProgram(input: {
  home: string
  places: CodexPlaces
  skills: string | null
  instructions: string | null
  resume: string | null
  settings: CodexSettings
  runDirectory: string
  argv: string[]
  config: string
}): { argv: string[]; files: AgentFile[] } {
  const { home, places, settings, runDirectory } = input
  const program = posix.join(runDirectory, 'start-codex.cjs')
  const orderFile = posix.join(runDirectory, 'start-codex.json')
  const configFile = posix.join(runDirectory, 'codex-config.toml')
  const seedFile = posix.join(runDirectory, 'auth-seed.json')
  const order: StartOrder = {
    home: {
      home,
      sessions: places.sessions,
      configTemplate: configFile,
      skills: input.skills,
      instructions: input.instructions,
      login: places.login,
      loginSeed: settings.authJson === undefined ? null : seedFile,
    },
    resume: input.resume,
    ownModel: settings.model !== undefined,
    checkLogin: !choosesProvider(settings),
    argv: input.argv,
  }
  return {
    argv: ['node', '--no-warnings', program, orderFile],
    files: [
      { path: program, content: programText },
      { path: orderFile, content: JSON.stringify(order) },
      { path: configFile, content: input.config },
      ...(settings.authJson === undefined ? [] : [{ path: seedFile, content: JSON.stringify(settings.authJson) }]),
    ],
  }
}

/** True where the settings name a provider of their own, whose key has a name of its own. */
function choosesProvider({ extraArgs, profile, profileConfig }: CodexSettings): boolean {
  return (
    (profile !== undefined && (profileConfig ?? '').includes('model_provider')) ||
    extraArgs.some((argument) => /^(?:--config=|-c=?)?\s*model_provider\s*=/.test(argument) || argument === '--oss')
  )
}
