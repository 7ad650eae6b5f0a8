import { describe, expect, it } from 'vitest'
import { fieldRecording } from './__fixtures__/field-cases.ts'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { createFinishWatch, type FinishWatch } from '../../launcher/src/program/finish-watch.ts'
import { createFinishTracker, finishRule } from './index.ts'

const textLines = (stdout: Uint8Array): string[] => new TextDecoder().decode(stdout).split('\n')

function finishWatch(lines: readonly string[]): FinishWatch {
  const watch = createFinishWatch(finishRule)
  for (const line of lines) watch.stdout(Buffer.from(line), '.')
  return watch
}

/** After which lines rule and tracker say that the run is finished, one character per line. */
function compare(lines: readonly string[]): { rule: string; tracker: string } {
  const tracker = createFinishTracker()
  const watch = createFinishWatch(finishRule)
  const both = lines.map((line) => {
    watch.stdout(Buffer.from(line), '.')
    // The rule has no list of tasks: between the end of a task and the turn that it causes only the tracker waits.
    const isTask = /"subtype":"(?:task_|background_tasks_changed)/.test(line)
    return { isTask, rule: watch.finished ? 'F' : '-', tracker: tracker.line(line) ? 'F' : '-' }
  })
  const compared = both.filter(({ isTask }) => !isTask)
  return { rule: compared.map(({ rule }) => rule).join(''), tracker: compared.map((one) => one.tracker).join('') }
}

function finishedAfter(name: string): boolean[] {
  const tracker = createFinishTracker()
  return textLines(recording(name).stdout)
    .filter((line) => line !== '')
    .map((line) => tracker.line(line))
}

describe('the finish tracker', () => {
  it('is finished at the one result of a plain run', () => {
    expect(finishedAfter('success')).toEqual([false, false, true])
  })

  it('waits for the turn that a background command causes after the first result', () => {
    const finished = finishedAfter('tools-background')
    expect(finished.indexOf(true)).toBe(finished.length - 1)
  })

  it('waits for the second of two results when both turns have begun', () => {
    const finished = finishedAfter('subagent-async')
    expect(finished.indexOf(true)).toBe(finished.length - 1)
  })

  it('is finished by a result without an init, as start-up failures print it', () => {
    expect(finishedAfter('resume-unknown')).toEqual([true])
  })

  it('is never finished by a run that was killed', () => {
    expect(finishedAfter('sigterm-tool-late')).not.toContain(true)
  })

  it('is finished at once when a stopped task owes no further turn', () => {
    const tracker = createFinishTracker()
    tracker.line('{"type":"system","subtype":"init"}')
    tracker.line('{"type":"system","subtype":"task_started","task_id":"a","is_backgrounded":true}')
    expect(tracker.line('{"type":"result","subtype":"success"}')).toBe(false)
    expect(tracker.line('{"type":"system","subtype":"task_notification","task_id":"a","status":"stopped"}')).toBe(true)
  })

  it('counts a foreground command that is moved to the background', () => {
    const tracker = createFinishTracker()
    tracker.line('{"type":"system","subtype":"init"}')
    tracker.line('{"type":"system","subtype":"task_started","task_id":"a","is_backgrounded":false}')
    tracker.line('{"type":"system","subtype":"task_updated","task_id":"a","patch":{"is_backgrounded":true}}')
    expect(tracker.line('{"type":"result","subtype":"success"}')).toBe(false)
    tracker.line('{"type":"system","subtype":"task_updated","task_id":"a","patch":{"status":"completed"}}')
    expect(tracker.finished).toBe(false)
    tracker.line('{"type":"system","subtype":"init"}')
    expect(tracker.line('{"type":"result","subtype":"success"}')).toBe(true)
  })

  it('does not wait for a watcher, nor for work elsewhere', () => {
    const tracker = createFinishTracker()
    const tasks = [
      { task_id: 'a', ambient: true },
      { task_id: 'b', off_host: true },
    ]
    tracker.line(JSON.stringify({ type: 'system', subtype: 'background_tasks_changed', tasks }))
    tracker.line('{"type":"system","subtype":"task_started","task_id":"a","is_backgrounded":true}')
    expect(tracker.line('{"type":"result","subtype":"success"}')).toBe(true)
  })

  it('waits for prompts that are queued', () => {
    const tracker = createFinishTracker()
    expect(tracker.line('{"type":"result","subtype":"success","queued_turn_count":1}')).toBe(false)
    expect(tracker.line('{"type":"result","subtype":"success","queued_turn_count":0}')).toBe(true)
  })

  it('is not taken in by a result inside a tool input or a text', () => {
    const tracker = createFinishTracker()
    const line = JSON.stringify({
      type: 'assistant',
      message: { content: [{ type: 'tool_use', input: { type: 'result', subtype: 'success' } }] },
    })
    expect(tracker.line(line)).toBe(false)
    expect(finishWatch([line]).finished).toBe(false)
    expect(tracker.line('not json "type":"result"')).toBe(false)
  })

  it('does not take the result of an earlier run’s task for the prompt’s', () => {
    const tracker = createFinishTracker()
    const seen = fieldRecording('real-bg3').map((line) => tracker.line(line))
    expect(seen).toEqual([false, false, false, false])
  })
})

describe('the rule of the launcher', () => {
  const plain = recordings.filter(({ name }) => name !== 'format-json')

  it.each(plain)('$name: is finished where the tracker is', ({ stdout }) => {
    const { rule, tracker } = compare(textLines(stdout))
    expect(rule).toBe(tracker)
  })

  it.each(['real-bg', 'real-bg2', 'real-bg3'])('%s: is not finished before the prompt’s own result', (name) => {
    const lines = fieldRecording(name)
    const { rule, tracker } = compare(lines)
    expect(rule).toBe(tracker)
    expect(lines.slice(0, -1).map((_, index) => finishWatch(lines.slice(0, index + 1)).finished)).not.toContain(true)
  })

  it('ends an agent that writes on and on without a tool call', () => {
    const said = '{"type":"assistant","message":{"content":[{"type":"text","text":"x"}]},"parent_tool_use_id":null}'
    const called = '{"type":"assistant","message":{"content":[{"type":"tool_use"}]},"parent_tool_use_id":null}'
    expect(finishWatch(Array.from({ length: 99 }, () => said)).looping).toBe(false)
    expect(finishWatch(Array.from({ length: 100 }, () => said)).looping).toBe(true)
    expect(finishWatch([...Array.from({ length: 99 }, () => said), called, said]).looping).toBe(false)
  })
})
