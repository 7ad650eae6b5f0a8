import { createClaudeParser, createTranscript } from '@agent-jobs/claude-stream-parser'

const picker = document.querySelector<HTMLInputElement>('#recording')
const verdict = document.querySelector<HTMLElement>('#verdict')
const transcript = document.querySelector<HTMLElement>('#transcript')

picker?.addEventListener('change', async () => {
  const recording = await picker.files?.[0]?.text()
  if (recording !== undefined) show(recording)
})

/** Judges a recording and shows its messages. Text of the agent is set as text, never as markup. */
function show(recording: string): void {
  const parser = createClaudeParser()
  parser.feed(recording)
  const { errorCode, errorMessage, sessionId, costUsd, usage } = parser.end()
  const judged = errorCode === null ? 'succeeded' : `${errorCode}: ${errorMessage ?? ''}`
  const tokens = `${usage.inputTokens} tokens in, ${usage.outputTokens} out`
  verdict?.replaceChildren(`${judged} – session ${sessionId ?? 'none'}, ${tokens}, $${costUsd ?? '?'}`)

  const entries = createTranscript()
  transcript?.replaceChildren(
    ...recording.split('\n').flatMap((line) =>
      entries(line, new Date(0).toISOString()).map((entry) => {
        const item = document.createElement('li')
        item.textContent = 'text' in entry ? `${entry.kind}: ${entry.text}` : entry.kind
        return item
      }),
    ),
  )
}
