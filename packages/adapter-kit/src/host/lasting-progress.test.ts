import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { lastingProgress } from './lasting-progress.ts'

function world() {
  const clock = createManualClock({ wallTime: Date.UTC(2026, 0, 1, 9, 30) })
  const shown: string[] = []
  const status = lastingProgress({ progress: ({ message }) => void shown.push(message) }, clock)
  return { clock, shown, status }
}

describe('the status of a run in Paperclip', () => {
  it('says since when it holds, and is repeated before Paperclip forgets it', async () => {
    const { clock, shown, status } = world()
    status.show('Waiting in queue main: position 3')
    await clock.advance(59_000)
    expect(shown).toEqual(['Waiting in queue main: position 3 (since 09:30:00 UTC)'])
    await clock.advance(1_000)
    await clock.advance(60_000)
    expect(shown).toEqual(Array.from({ length: 3 }, () => 'Waiting in queue main: position 3 (since 09:30:00 UTC)'))
    await status[Symbol.asyncDispose]()
  })

  it('is replaced by the next one, and not shown again for the same text', async () => {
    const { clock, shown, status } = world()
    status.show('Pulling the image')
    status.show('Pulling the image')
    await clock.advance(5_000)
    status.show('Unschedulable')
    await clock.advance(60_000)
    expect(shown).toEqual([
      'Pulling the image (since 09:30:00 UTC)',
      'Unschedulable (since 09:30:05 UTC)',
      'Unschedulable (since 09:30:05 UTC)',
    ])
    await status[Symbol.asyncDispose]()
  })

  it('is shown once while the agent works, whose output says more', async () => {
    const { clock, shown, status } = world()
    status.show('Running in pod p on node n', { passing: true })
    await clock.advance(600_000)
    expect([shown.length, clock.sleepers]).toEqual([1, 0])
    await status[Symbol.asyncDispose]()
  })

  it('fits into what Paperclip shows, with its time', async () => {
    const { shown, status } = world()
    status.show(`0/3 nodes are available:\n${'Insufficient cpu. '.repeat(30)}`)
    expect(shown[0]).toHaveLength(180)
    expect(shown[0]).toMatch(/^0\/3 nodes are available: Insufficient cpu\..*… \(since 09:30:00 UTC\)$/)
    await status[Symbol.asyncDispose]()
  })

  it('ends with the run', async () => {
    const { clock, shown, status } = world()
    status.show('Waiting')
    await status[Symbol.asyncDispose]()
    status.show('Too late')
    await clock.advance(600_000)
    expect([shown, clock.sleepers]).toEqual([['Waiting (since 09:30:00 UTC)'], 0])
  })
})
