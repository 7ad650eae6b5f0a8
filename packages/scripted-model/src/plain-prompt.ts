/**
 * Joins the text parts of one user message and drops what the CLI itself wrapped around the person's words:
 * Claude Code sends `<system-reminder>` blocks as user text beside the prompt.
 */
export function plainPrompt(parts: readonly string[]): string {
  return parts
    .map((part) => part.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, '').trim())
    .filter((part) => part !== '')
    .join('\n')
}
