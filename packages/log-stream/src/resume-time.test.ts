import { describe, expect, it } from 'vitest'
import { ResumeTime } from './resume-time.ts'

const stamp = (time: string): Buffer => Buffer.from(`2026-11-21T${time}.100000000Z `)

describe('the time to resume framed output at', () => {
  it('is unknown before the first timestamp, and then nothing is left out', () => {
    const resume = new ResumeTime({ since: undefined, overlapSeconds: 2 })
    resume.continueAt(undefined)
    expect(resume.since).toBeUndefined()
    expect(resume.leavesOut(stamp('00:00:00'))).toBe(false)
  })

  it('is the second of the last timestamp, less the overlap', () => {
    const resume = new ResumeTime({ since: undefined, overlapSeconds: 2 })
    resume.continueAt(stamp('09:00:05'))
    expect(resume.since).toBe('2026-11-21T09:00:03Z')
    resume.continueAt(stamp('08:00:05'))
    expect(resume.since).toBe('2026-11-21T08:00:03Z')
  })

  it('stays when a timestamp cannot be read', () => {
    const resume = new ResumeTime({ since: '2026-11-21T09:00:03Z', overlapSeconds: 2 })
    resume.continueAt(Buffer.from('2026-xx-21T09:00:09.100000000Z '))
    expect(resume.since).toBe('2026-11-21T09:00:03Z')
  })

  it('continues at the time of a frame from the journal', () => {
    const resume = new ResumeTime({ since: undefined, overlapSeconds: 2 })
    resume.continueAtFrame(Date.parse('2026-11-21T09:00:05.900Z'))
    expect(resume.since).toBe('2026-11-21T09:00:03Z')
  })

  it('leaves out lines of earlier seconds, and lines without a time', () => {
    const resume = new ResumeTime({ since: '2026-11-21T09:00:03Z', overlapSeconds: 2 })
    expect(resume.leavesOut(stamp('09:00:03'))).toBe(false)
    expect(resume.leavesOut(stamp('09:00:02'))).toBe(true)
    expect(resume.leavesOut(undefined)).toBe(true)
  })
})
