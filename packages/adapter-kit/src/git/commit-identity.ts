import { posix } from 'node:path'
import type { AgentFile } from '../agent/agent-definition.ts'

/** An agent whose commits need an author. */
export interface CommittingAgent {
  id: string
  name: string
}

// In git's configuration, a value in double quotes escapes these two.
const quoted = (text: string) => `"${text.replaceAll(/\s+/g, ' ').replaceAll(/["\\]/g, String.raw`\$&`)}"`

/**
 * Git's system-wide configuration for a run: the agent commits under its own name (with an address that receives no mail,
 * RFC 2606), unless the image, the user's `~/.gitconfig` or the repository says otherwise.
 */
export function commitIdentity(path: string, agent: CommittingAgent): AgentFile {
  const user = `[user]\n\tname = ${quoted(agent.name)}\n\temail = ${quoted(`${agent.id}@agents.invalid`)}\n`
  return { path, content: `${user}[include]\n\tpath = /etc/gitconfig\n` }
}

/**
 * A `git` between Paperclip's wrapper and the real one. Where the company's connection gives no author, the wrapper sets an
 * empty one, and git refuses to commit: then this falls back to the run's configuration.
 */
export function identityShim({ directory, config }: { directory: string; config: string }): AgentFile {
  return {
    path: posix.join(directory, 'git'),
    mode: 0o700,
    content: `#!/bin/sh
set -f
path=
IFS=:
for part in $PATH; do
  [ "$part" = '${directory}' ] || path="$path\${path:+:}$part"
done
unset IFS
set +f
for name in GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL; do
  eval "value=\\\${$name-}"
  [ -n "$value" ] || unset "$name"
done
[ "\${GIT_CONFIG_SYSTEM-}" != /dev/null ] || export GIT_CONFIG_SYSTEM='${config}'
PATH=$path
export PATH
exec git "$@"
`,
  }
}
