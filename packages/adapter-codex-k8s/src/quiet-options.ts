/**
 * What every run switches off: asking the network at the start (plugins, metrics, updates), and retrying a connection
 * that cannot be made for as long as the process lives (docs/agent-clis.md#codex-failures).
 */
export const quietSettings = {
  check_for_update_on_startup: false,
  analytics: { enabled: false },
  features: { plugins: false, remote_plugin: false, apps: false, unbounded_connection_retries: false },
} as const

/** The same as options of the command line. */
export const quietOptions: readonly string[] = [
  '-c',
  'check_for_update_on_startup=false',
  '-c',
  'analytics.enabled=false',
  ...Object.keys(quietSettings.features).flatMap((name) => ['--disable', name]),
]
