import { describe, expect, it } from 'vitest'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { createFinishTracker, finishRule, isResultLine } from './index.ts'

const textLines = (stdout: Uint8Array): string[] => new TextDecoder().decode(stdout).split('\n')

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
    expect(isResultLine(line)).toBe(false)
    expect(tracker.line('not json "type":"result"')).toBe(false)
  })

  it.each(['tools-background', 'subagent-async'])('%s: the rule of the launcher is held while a task runs', (name) => {
    const has = (line: string, strings: readonly string[]): boolean => strings.every((part) => line.includes(part))
    const seen = textLines(recording(name).stdout).flatMap((line) => {
      if (has(line, finishRule.heldFrom)) return ['held']
      if (has(line, finishRule.heldUntil)) return ['free']
      return has(line, finishRule.stdoutLineIncludes) ? ['result'] : []
    })
    expect(seen.indexOf('held')).toBe(0)
    expect(seen.at(-1)).toBe('result')
    expect(seen.filter((one) => one === 'free')).toHaveLength(1)
  })

  it.each(recordings.filter(({ name }) => name !== 'format-json'))(
    '$name: agrees with the parsed lines',
    ({ stdout }) => {
      for (const line of textLines(stdout)) {
        const isResult = isResultLine(line)
        expect(finishRule.stdoutLineIncludes.every((marker) => line.includes(marker))).toBe(isResult)
      }
    },
  )
})
