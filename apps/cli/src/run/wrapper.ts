/** What is copied into the container's working directory before the agent starts, and out of it afterwards. */
export interface Workspace {
  readonly git?: { readonly url: string; readonly ref: string | undefined } | undefined
  /** Paths of packed folders that the launcher wrote, each with where it is unpacked. */
  readonly copyIn: readonly { readonly archive: string; readonly path: string }[]
  /** Paths that are packed and printed when the agent has ended. */
  readonly copyOut: readonly string[]
}

/** Marks the lines of packed files in the output, which the agent did not print. */
export const artifactMark = '@agent-jobs-artifact'

/** Exit codes of the wrapper for programs that the image lacks. */
export const lackCodes = { agent: 97, git: 96, tar: 95, base64: 94 } as const

/** The reason behind an exit code of the wrapper; undefined for any other code. */
export function lackOf(exitCode: number | null): keyof typeof lackCodes | undefined {
  const entries = Object.entries(lackCodes) as [keyof typeof lackCodes, number][]
  return entries.find(([, code]) => code === exitCode)?.[0]
}

// A larger result would be rotated out of the container's log before it is read.
const maxArtifactBytes = 24 * 1024 * 1024

/** Options of the wrapper of a command. */
export interface WrapperOptions {
  readonly argv: readonly string[]
  readonly workspace: Workspace
  /** Claude Code runs commands with bash or zsh; print a warning when the image has neither. */
  readonly needsBash: boolean
}

/**
 * The command with the steps before and after it, as one shell command. Values are arguments, never in the script,
 * so no quoting can go wrong. Without anything to do it is the command itself.
 */
export function wrapCommand({ argv, workspace, needsBash }: WrapperOptions): string[] {
  const { git, copyIn, copyOut } = workspace
  const setup = [
    ...(needsBash ? [bashLine] : []),
    ...(git === undefined ? [] : gitLines),
    ...(copyIn.length === 0 ? [] : copyInLines),
  ]
  if (setup.length === 0 && copyOut.length === 0) return [...argv]
  const script = [
    `lack() { case $1 in ${lackCases()} esac; }`,
    'command -v "$4" >/dev/null || lack agent',
    ...setup,
    ...(copyOut.length === 0 ? ['shift "$skip"', 'exec "$@"'] : copyOutLines),
  ].join('\n')
  const gitArgs = git === undefined ? ['', ''] : [git.url, git.ref ?? '']
  const pairs = copyIn.flatMap(({ archive, path }) => [archive, path])
  // $1 counts what belongs to the script, itself included.
  const own = [...gitArgs, argv[0] ?? '', String(copyIn.length), ...pairs, String(copyOut.length), ...copyOut]
  return ['/bin/sh', '-c', `skip=$1\n${script}`, 'agent-jobs', String(own.length + 1), ...own, ...argv]
}

function lackCases(): string {
  return Object.entries(lackCodes)
    .map(([name, code]) => `${name}) exit ${code} ;;`)
    .join(' ')
}

// Not fatal: an agent that only answers does not need it.
const bashLine =
  'command -v bash >/dev/null || command -v zsh >/dev/null || echo "The image has no bash or zsh: the agent cannot run commands." >&2'

// The prompt waits on standard input for the agent alone.
const gitLines = [
  'command -v git >/dev/null || lack git',
  'token=${GIT_TOKEN:-$GITHUB_TOKEN}',
  'helper=',
  '[ -z "$token" ] || helper=\'!f() { echo username=x-access-token; echo "password=${GIT_TOKEN:-$GITHUB_TOKEN}"; }; f\'',
  'export GIT_TERMINAL_PROMPT=0',
  'git -c init.defaultBranch=main init --quiet . </dev/null >&2 || exit 1',
  'git remote add origin "$2" </dev/null >&2 || git remote set-url origin "$2" || exit 1',
  '[ -z "$helper" ] || git config credential.helper "$helper"',
  'git fetch --quiet --depth 1 origin "${3:-HEAD}" </dev/null >&2 || { echo "agent-jobs: cannot fetch ${3:-HEAD} of $2" >&2; exit 1; }',
  'git checkout --quiet FETCH_HEAD </dev/null >&2 || exit 1',
]

const copyInLines = [
  'command -v tar >/dev/null || lack tar',
  'count=$5; at=0',
  'for each in "$@"; do',
  '  at=$((at + 1)); [ "$at" -gt 5 ] && [ "$at" -le $((5 + 2 * count)) ] || continue',
  '  if [ $((at % 2)) -eq 0 ]; then archive=$each; else',
  '    mkdir -p "$each" && tar -xzf "$archive" -C "$each" </dev/null >&2 || { echo "agent-jobs: cannot unpack into $each" >&2; exit 1; }',
  '  fi',
  'done',
]

const copyOutLines = [
  'command -v tar >/dev/null || lack tar',
  'command -v base64 >/dev/null || lack base64',
  // The agent gets only its own arguments, the paths stay behind.
  'agent() { shift "$skip"; "$@"; }',
  'agent "$@"; code=$?',
  'first=$((6 + 2 * $5)); eval "count=\\${$first}"; at=0; n=0',
  'for each in "$@"; do',
  '  at=$((at + 1)); [ "$at" -gt "$first" ] && [ "$at" -le $((first + count)) ] || continue',
  `  mark="${artifactMark} $n"; n=$((n + 1))`,
  '  if [ ! -e "$each" ]; then echo "$mark absent"; continue; fi',
  '  pack=$(mktemp) && tar -czf "$pack" -C "$(dirname "$each")" "$(basename "$each")" </dev/null >&2',
  `  if [ "$(wc -c <"$pack")" -gt ${maxArtifactBytes} ]; then echo "$mark large"; continue; fi`,
  '  base64 <"$pack" | tr -d "\\n" | fold -w 6000 | sed "s|^|$mark data |"; echo; echo "$mark end"',
  '  rm -f "$pack"',
  'done',
  'exit "$code"',
]
