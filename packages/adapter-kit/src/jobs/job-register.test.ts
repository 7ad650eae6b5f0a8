import { describe, expect, it } from 'vitest'
import { createJobRegister, stageAfter, type JobEnd } from './job-register.ts'

const cluster = {}

describe('the register of Jobs', () => {
  it('gives a Job to one run at a time', () => {
    const jobs = createJobRegister()
    expect([jobs.take('u'), jobs.take('u')]).toEqual([true, false])
    expect(jobs.stageOf('u')).toEqual({ kind: 'followed' })
  })

  it.each<[JobEnd, string | null]>([
    ['known', 'leaving'],
    ['unsure', 'leaving'],
    ['elsewhere', null],
  ])('moves on from an end that is %s', (end, kind) => {
    expect(stageAfter(end, cluster)?.kind ?? null).toBe(kind)
    const jobs = createJobRegister()
    jobs.take('u')
    jobs.finish('u', end, cluster)
    expect(jobs.stageOf('u')?.kind ?? null).toBe(kind)
    jobs.forget('u')
    expect(jobs.stageOf('u')).toBeNull()
  })

  it('does not forget a Job that another run has taken since', () => {
    const jobs = createJobRegister()
    jobs.take('u')
    jobs.finish('u', 'elsewhere', cluster)
    jobs.take('u')
    jobs.forget('u')
    expect(jobs.stageOf('u')).toEqual({ kind: 'followed' })
  })
})
