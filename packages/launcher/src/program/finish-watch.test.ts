import { describe, expect, it } from 'vitest'
import type { FinishRule } from '../launch-spec.ts'
import { createFinishWatch } from './finish-watch.ts'

const rule: FinishRule = {
  workDone: [{ includes: ['done'], unless: [['of a task']] }],
  turnBegins: [{ includes: ['begin'] }],
  turnEnds: [{ includes: ['done'] }, { includes: ['end'] }],
  heldFrom: [{ includes: ['hold'] }],
  heldUntil: [{ includes: ['free'] }],
  loop: { step: [{ includes: ['step'] }], progress: [{ includes: ['tool'] }], maxSteps: 2 },
}

function after(lines: readonly string[], of: FinishRule | undefined = rule) {
  const watch = createFinishWatch(of)
  for (const line of lines) watch.stdout(Buffer.from(line), '.')
  return watch
}

describe('the finish watch', () => {
  it.each<[string, string[], boolean]>([
    ['nothing was printed', [], false],
    ['the work is done', ['begin', 'done'], true],
    ['the work is done without a beginning', ['done'], true],
    ['a turn has begun again', ['begin', 'done', 'begin'], false],
    ['the turn that began again has ended', ['begin', 'done', 'begin', 'end'], true],
    ['a turn ended that says nothing about the work', ['begin', 'end'], false],
    ['only the result of a task came', ['begin', 'done of a task'], false],
    ['the result of a task came after the work was done', ['begin', 'done', 'begin', 'done of a task'], true],
    ['work is held', ['begin', 'hold', 'done'], false],
    ['held work is free again', ['begin', 'hold', 'done', 'free'], true],
  ])('knows whether the work is finished when %s', (_, lines, finished) => {
    expect(after(lines).finished).toBe(finished)
  })

  it('requires an end for each turn if turns overlap, and one for all if they do not', () => {
    const overlapping = { ...rule, turnsOverlap: true }
    expect(after(['begin', 'begin', 'done'], overlapping).finished).toBe(false)
    expect(after(['begin', 'begin', 'done', 'done'], overlapping).finished).toBe(true)
    expect(after(['begin', 'begin', 'done']).finished).toBe(true)
  })

  it('is done when reported from outside, until a turn begins', () => {
    const watch = after(['begin'])
    watch.done()
    expect(watch.finished).toBe(true)
    watch.stdout(Buffer.from('begin'), '.')
    expect(watch.finished).toBe(false)
  })

  it('is done without a rule only when reported from outside', () => {
    const watch = createFinishWatch(undefined)
    watch.stdout(Buffer.from('done'), '.')
    expect(watch.finished).toBe(false)
    watch.done()
    expect(watch.finished).toBe(true)
  })

  it.each<[string, string[], boolean]>([
    ['one step', ['step'], false],
    ['two steps in a row', ['step', 'other', 'step'], true],
    ['progress in the second step', ['step', 'tool', 'step', 'step'], false],
    ['two steps after one with progress', ['step', 'tool', 'step', 'step', 'step'], true],
    ['two steps in turns after progress', ['tool', 'begin', 'step', 'begin', 'step'], true],
  ])('sees a loop after %s: %j → %s', (_, lines, looping) => {
    expect(after(lines).looping).toBe(looping)
  })
})
