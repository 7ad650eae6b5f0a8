/** What may follow a command on the command line. */
export interface CompletionWords {
  /** The command's words, such as `faults add`; empty for the program itself. */
  readonly path: string
  readonly words: readonly string[]
  /** Options whose values are few. */
  readonly choices: readonly { readonly option: string; readonly words: readonly string[] }[]
  /** Whether it takes names of Jobs. */
  readonly takesJob: boolean
  /** Whether it takes a file. */
  readonly takesFile: boolean
}

// Names of commands, options and choices consist of letters, digits and dashes, so nothing below needs quoting.

/** A script for bash: `source <(agent-jobs completion bash)`. */
export function bashCompletion(all: readonly CompletionWords[]): string {
  const cases = all.flatMap(({ path, words, choices }) => [
    ...choices.map(({ option, words: values }) => `    '${path}:${option}') words='${values.join(' ')}' ;;`),
    `    '${path}:'*) words='${words.join(' ')}' ;;`,
  ])
  const jobs = jobPaths(all)
  return `# Completes agent-jobs in bash: source <(agent-jobs completion bash)
_agent_jobs() {
  local at path='' words='' word
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case "\${path:+$path }$word" in
${pathCase(all)}
    esac
  done
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
    -n|--namespace) words=$(agent-jobs __complete namespaces "\${COMP_WORDS[@]}" 2>/dev/null) ;;
    --context) words=$(agent-jobs __complete contexts "\${COMP_WORDS[@]}" 2>/dev/null) ;;
    *)
      case "$path:\${COMP_WORDS[COMP_CWORD - 1]}" in
${cases.join('\n')}
      esac
      case "$path:\${COMP_WORDS[COMP_CWORD]}" in
        *:-*) ;;
        ${jobs.map((path) => `${path}:*`).join('|')}) words="$words $(agent-jobs __complete jobs "\${COMP_WORDS[@]}" 2>/dev/null)" ;;
      esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _agent_jobs agent-jobs
`
}

/** A script for zsh, which runs the one for bash by its own means. */
export function zshCompletion(all: readonly CompletionWords[]): string {
  const cases = all.flatMap(({ path, words, choices }) => [
    ...choices.map(({ option, words: values }) => `    '${path}:${option}') candidates=(${values.join(' ')}) ;;`),
    `    '${path}:'*) candidates=(${words.join(' ')}) ;;`,
  ])
  return `#compdef agent-jobs
# Completes agent-jobs in zsh: source <(agent-jobs completion zsh)
_agent_jobs() {
  local at path_='' word
  local -a candidates
  for ((at = 2; at < CURRENT; at++)); do
    word=\${words[at]}
    case "\${path_:+$path_ }$word" in
${pathCase(all).replaceAll('path=', 'path_=')}
    esac
  done
  case "\${words[CURRENT - 1]}" in
    -n|--namespace) candidates=(\${(f)"$(agent-jobs __complete namespaces $words 2>/dev/null)"}) ;;
    --context) candidates=(\${(f)"$(agent-jobs __complete contexts $words 2>/dev/null)"}) ;;
    *)
      case "$path_:\${words[CURRENT - 1]}" in
${cases.join('\n')}
      esac
      case "$path_:\${words[CURRENT]}" in
        *:-*) ;;
        ${jobPaths(all)
          .map((path) => `${path}:*`)
          .join('|')}) candidates+=(\${(f)"$(agent-jobs __complete jobs $words 2>/dev/null)"}) ;;
      esac ;;
  esac
  compadd -a candidates || _files
}
compdef _agent_jobs agent-jobs
`
}

/** A file for fish's folder of completions. */
export function fishCompletion(all: readonly CompletionWords[]): string {
  const lines = all.flatMap(({ path, words, choices, takesFile }) => {
    const [top = '', sub] = path.split(' ')
    const siblings = all.filter((each) => each.path.startsWith(`${top} `)).map((each) => each.path.split(' ')[1])
    const inside = sub === undefined ? siblings.map((name) => `; and not __fish_seen_subcommand_from ${name}`) : []
    const here =
      path === ''
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${top}${sub === undefined ? inside.join('') : `; and __fish_seen_subcommand_from ${sub}`}`
    const plain = words.filter((word) => !word.startsWith('-'))
    const flags = words.filter((word) => word.startsWith('--') && !choices.some(({ option }) => option === word))
    return [
      ...(plain.length === 0
        ? []
        : [`complete -c agent-jobs -n '${here}' ${takesFile ? '' : '-f '}-a '${plain.join(' ')}'`]),
      ...flags.map((flag) => `complete -c agent-jobs -n '${here}' -l ${flag.slice(2)}`),
      ...choices.map(
        ({ option, words: values }) =>
          `complete -c agent-jobs -n '${here}' -l ${option.slice(2)} -x -a '${values.join(' ')}'`,
      ),
    ]
  })
  const named = [
    "complete -c agent-jobs -s n -l namespace -x -a '(agent-jobs __complete namespaces (commandline -opc) 2>/dev/null)'",
    "complete -c agent-jobs -l context -x -a '(agent-jobs __complete contexts (commandline -opc) 2>/dev/null)'",
    ...jobPaths(all).map(
      (path) =>
        `complete -c agent-jobs -n '__fish_seen_subcommand_from ${path}' -f -a '(agent-jobs __complete jobs (commandline -opc) 2>/dev/null)'`,
    ),
  ]
  return `# Completes agent-jobs in fish: agent-jobs completion fish > ~/.config/fish/completions/agent-jobs.fish\n${[...lines, ...named].join('\n')}\n`
}

/** The commands that take names of Jobs. */
function jobPaths(all: readonly CompletionWords[]): string[] {
  return all.filter(({ takesJob }) => takesJob).map(({ path }) => path)
}

function pathCase(all: readonly CompletionWords[]): string {
  return all
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      '${path}') path='${path}' ;;`)
    .join('\n')
}
