import { withoutTerminalCodes } from '@agent-jobs/stream-parser-core'

// What the CLI says before a turn begins, never a model's text: read only where no turn began.
const unknownThread =
  /^Error: (?:thread\/resume: )?(?:thread\/resume failed: )?(?:no rollout found for thread id|failed to read thread)\b/m
const logLine = /^\d{4}-\d{2}-\d{2}T\S+\s+(?:ERROR|WARN|INFO|DEBUG|TRACE)\b/
const notice = /^(?:WARNING: |warning: |Reading (?:prompt|additional input) from stdin)/
const verdictLine = /^(?:Error\b|error: )/

/** What the output says about a thread that does not exist; null when it says nothing of the kind. */
export function unknownThreadIn(output: string): string | null {
  return unknownThread.test(withoutTerminalCodes(output)) ? errorText(output) : null
}

/**
 * The part of stderr that says why the CLI ended: the last line that begins with `Error`, with the lines below a heading
 * (`Error loading config.toml:`), else the first that is neither a log line nor a notice.
 */
export function errorText(text: string, maxChars = 500): string | null {
  const lines = withoutTerminalCodes(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const at = lines.findLastIndex((line) => verdictLine.test(line))
  const said = at < 0 ? lines.find((line) => !logLine.test(line) && !notice.test(line)) : lines[at]
  if (said === undefined) return null
  const detail = said.endsWith(':') ? lines[lines.indexOf(said) + 1] : undefined
  return (detail === undefined ? said : `${said} ${detail}`).slice(0, maxChars)
}

/** What a panic says: Codex ends so, with exit code 101, when its stdout breaks. */
export function panicText(stderr: string): string | null {
  const found = /^thread '[^'\n]*'(?: \(\d+\))? panicked at [^\n]*\n([^\n]*)/m.exec(withoutTerminalCodes(stderr))
  return found?.[1]?.trim().slice(0, 500) ?? null
}
