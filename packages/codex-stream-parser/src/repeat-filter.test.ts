import { expect, it } from 'vitest'
import { createRepeatFilter } from './repeat-filter.ts'

it('takes a message after a retry for the one before it, as often as the CLI asks again', () => {
  const filter = createRepeatFilter()
  expect(filter.text('agent_message', 'Hi')).toBe(false)
  filter.retry()
  expect(filter.text('agent_message', 'Hi')).toBe(true)
  filter.retry()
  expect(filter.text('agent_message', 'Hi')).toBe(true)
  expect(filter.text('agent_message', 'Hi')).toBe(false)
})

it('takes the same words without a retry for new ones', () => {
  const filter = createRepeatFilter()
  expect([filter.text('agent_message', 'Hi'), filter.text('agent_message', 'Hi')]).toEqual([false, false])
})

it('does not take the words of an earlier response for repeated ones', () => {
  const filter = createRepeatFilter()
  filter.text('agent_message', 'Checking.')
  filter.toolEnded()
  filter.text('agent_message', 'More.')
  filter.retry()
  expect(filter.text('agent_message', 'Checking.')).toBe(false)
  expect(filter.text('agent_message', 'More.')).toBe(true)
})

it('tells a thought from a message, and long texts by their ends', () => {
  const filter = createRepeatFilter()
  const long = 'x'.repeat(100_000)
  filter.text('reasoning', 'Hi')
  filter.text('agent_message', long)
  filter.retry()
  expect(filter.text('agent_message', 'Hi')).toBe(false)
  expect(filter.text('agent_message', `${long.slice(1)}y`)).toBe(false)
  expect(filter.text('agent_message', long)).toBe(true)
})
