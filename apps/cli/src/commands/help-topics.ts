import { Command } from 'commander'
import { CliError } from '../errors/cli-error.ts'
import { closest } from '../input/closest.ts'
import type { Terminal } from '../output/terminal.ts'

/** What `agent-jobs help TOPIC` prints beside the help of commands. */
export const helpTopics: Readonly<Record<string, string>> = {
  environment: `Environment variables

  KUBECONFIG          kubeconfig files, as for kubectl; --kubeconfig takes precedence
  AGENT_JOBS_IMAGE    default of \`run --image\`
  NO_COLOR            if not empty: no colours, as --no-color
  FORCE_COLOR         if not empty and not 0: colours even without a terminal, for CI
  HTTPS_PROXY, NO_PROXY, ALL_PROXY   proxy for the API server if the kubeconfig names none
  PAPERCLIP_API_KEY   for \`reap --paperclip\`: a key that may see all agents
  XDG_CACHE_HOME      where \`demo\` keeps an agent that it fetched (default ~/.cache)
  GIT_TOKEN, GITHUB_TOKEN   with \`run -e\`: credentials for \`run --git\`
`,
  'exit-codes': `Exit codes

  0         the run succeeded (run -d: it was submitted); the command succeeded
  1         the run failed or was cancelled by someone else; an error; doctor found an error
  2         wrong usage; nothing was created
  124       wait --timeout expired
  130, 143  Ctrl-C or SIGTERM ended the command; the run was cancelled, or continues
  other     wait: the exit code of the run; exec: that of the command
`,
  json: `Output for programs

  With --json, standard output has only JSON, one object per line. Messages for people go to standard error.
  An error is {"error":{"code","message","explanation","url"}}. Codes are stable: \`agent-jobs explain\` lists them.
  Control characters are escaped, so that output cannot control the terminal.
`,
}

/** `agent-jobs help [command or topic]`. */
export function addHelpTopics(program: Command, terminal: Terminal): void {
  program.addCommand(
    new Command('help')
      .argument('[topic]', `a command, or one of ${Object.keys(helpTopics).join(', ')}`)
      .description('Show the help of a command or a topic.')
      .helpGroup('More:')
      .exitOverride()
      .action((topic: string | undefined) => {
        if (topic === undefined) return program.outputHelp()
        const text = helpTopics[topic]
        if (text !== undefined) return terminal.out(text)
        const command = program.commands.find((each) => each.name() === topic || each.aliases().includes(topic))
        if (command !== undefined) return command.outputHelp()
        const near = closest(topic, [...Object.keys(helpTopics), ...program.commands.map((each) => each.name())])
        throw new CliError(
          'usage',
          `No help on ${topic}.${near === undefined ? '' : ` Did you mean ${near}?`} \`agent-jobs help\` lists the commands.`,
        )
      }),
  )
  program.helpCommand(false)
}
