// Never blocks the start: without ccrotate, or when it fails, the agent uses the existing login.
const script =
  'timeout 30 ccrotate next --yes --target claude --accounts "$0" </dev/null >&2 || echo "[paperclip] ccrotate chose no account; the login that is there stays" >&2; exec "$@"'

/** Lets ccrotate select the user's next account before the agent starts. */
export function rotateAccounts(argv: readonly string[], accounts: readonly string[]): string[] {
  return accounts.length === 0 ? [...argv] : ['sh', '-c', script, accounts.join(','), ...argv]
}
