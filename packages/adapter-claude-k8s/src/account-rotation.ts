// Waits for nobody: without ccrotate, or when it fails, the agent starts with the login that is there.
const script =
  'timeout 30 ccrotate next --yes --target claude --accounts "$0" </dev/null >&2 || echo "[paperclip] ccrotate chose no account; the login that is there stays" >&2; exec "$@"'

/** Lets ccrotate choose the next of the user's accounts before the agent starts. */
export function rotateAccounts(argv: readonly string[], accounts: readonly string[]): string[] {
  return accounts.length === 0 ? [...argv] : ['sh', '-c', script, accounts.join(','), ...argv]
}
