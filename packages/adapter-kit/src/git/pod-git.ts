import { posix } from 'node:path'
import { githubLauncherSource } from '@paperclipai/adapter-utils/github-launcher'
import type { AgentFile } from '../agent/agent-definition.ts'
import { commitIdentity, identityShim, type CommittingAgent } from './commit-identity.ts'

/** What a pod gets for `git` and `gh`. */
export interface PodGit {
  files: AgentFile[]
  /** Directories that come first in the pod's PATH. */
  prependPath: string[]
  variables: Record<string, string>
}

/** Where Paperclip manages GitHub credentials: who gives a call of the agent the right to ask for them. */
export type GitHubAccess =
  /** The launcher's proxy puts it into each call. */
  | { by: 'proxy' }
  /** The agent itself, in a pod without the proxy. */
  | { by: 'agent'; capability: string }

/** Placeholder for the capability in the agent's environment; the proxy has the real one. */
const placeholder = 'held-by-the-launcher'

// A login shell rebuilds PATH from /etc/profile, but then reads this file.
const shellSetup = (directories: readonly string[]): string =>
  `case ":$PATH:" in ":${directories[0]}:"*) ;; *) export PATH="${directories.join(':')}:$PATH" ;; esac\n`

/**
 * Git in the pod: a name to commit under, and, where Paperclip manages GitHub credentials, Paperclip's own wrappers of `git`
 * and `gh`. For each command they ask Paperclip for credentials of the company's connection, and hand them to that one
 * process only (docs/paperclip-facts.md#managed-github-credentials).
 */
export function podGit({
  directory,
  agent,
  github,
}: {
  /** A directory of this run alone, in the pod. */
  directory: string
  agent: CommittingAgent
  github: GitHubAccess | null
}): PodGit {
  const identity = commitIdentity(posix.join(directory, 'config'), agent)
  const common = { GIT_CONFIG_SYSTEM: identity.path }
  if (github === null) return { files: [identity], prependPath: [], variables: common }
  const wrappers = posix.join(directory, 'wrappers')
  const shim = identityShim({ directory: posix.join(directory, 'identity'), config: identity.path })
  const setup = posix.join(directory, 'bashrc')
  const prependPath = [wrappers, posix.dirname(shim.path)]
  const source = githubLauncherSource()
  return {
    files: [
      identity,
      shim,
      ...['git', 'gh'].map((name) => ({ path: posix.join(wrappers, name), content: source, mode: 0o700 })),
      { path: setup, content: shellSetup(prependPath) },
    ],
    prependPath,
    variables: {
      ...common,
      PAPERCLIP_GITHUB_BROKER_TOKEN: github.by === 'proxy' ? placeholder : github.capability,
      GH_CONFIG_DIR: posix.join(directory, 'gh-config'),
      BASH_ENV: setup,
    },
  }
}
