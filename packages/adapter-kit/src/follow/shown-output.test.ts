import { describe, expect, it } from 'vitest'
import { readableRelay } from './shown-output.ts'

describe('the output of an agent in a readable log', () => {
  const relayed: string[] = []
  const relay = readableRelay({ line: async (stream, text) => void relayed.push(`${stream}: ${text}`) }, (line) => [
    { kind: 'assistant', text: (JSON.parse(line) as { says: string }).says },
  ])

  it('is what its events say, also when one arrives in parts', async () => {
    relayed.length = 0
    await relay.line('stdout', '{"says":"one\\ntwo"}')
    await relay.line('stdout', '{"says":', { goesOn: true })
    await relay.line('stderr', 'a warning')
    await relay.line('stdout', '"three"}')
    expect(relayed).toEqual(['stdout: ▸ one', 'stdout: ▸ two', 'stderr: a warning', 'stdout: ▸ three'])
  })

  it('is not kept in memory without a limit', async () => {
    relayed.length = 0
    const part = 'x'.repeat(512 * 1024)
    for (let sent = 0; sent < 4; sent += 1) await relay.line('stdout', part, { goesOn: true })
    await relay.line('stdout', '')
    await relay.line('stdout', '{"says":"on"}')
    expect(relayed).toEqual(['stdout: (an event of 2097152 characters)', 'stdout: ▸ on'])
  })
})
