import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { countMemoryKills, memoryKills } from './memory-kills.ts'

const folder = mkdtempSync(join(tmpdir(), 'launcher-memory-'))
afterAll(() => rmSync(folder, { recursive: true }))
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const absent = join(folder, 'absent')

describe('memoryKills', () => {
  it('reads both versions of control groups', () => {
    const two = file('memory.events', 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n')
    const one = file('memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n')
    expect([memoryKills([two, absent]), memoryKills([absent, one])]).toEqual([2, 1])
  })

  it('are counted for this run alone', () => {
    let count = 3
    const ofRun = countMemoryKills(() => count)
    expect(ofRun()).toBe(0)
    count = 5
    expect(ofRun()).toBe(2)
  })

  it('counts unknown as none', () => {
    const old = file('old', 'oom_kill_disable 0\nunder_oom 0\n')
    expect([memoryKills([absent]), memoryKills([old]), memoryKills([])]).toEqual([0, 0, 0])
  })
})
