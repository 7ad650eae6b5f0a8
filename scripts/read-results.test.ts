import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { secondTries, sumOf, type Report } from './read-results.ts'

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))

/** What vitest reports of a file with this text. */
function reportOf(text: string): { report: Report; exitCode: number | null; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'read-results-'))
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default { test: { globals: true, retry: 1 } }')
  writeFileSync(join(folder, 'some.test.mjs'), text)
  const options = ['run', '--reporter=json', '--outputFile.json=report.json']
  const { status } = spawnSync(process.execPath, [vitest, ...options], { cwd: folder, stdio: 'ignore' })
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
  rmSync(folder, { recursive: true })
  return { report, exitCode: status, folder }
}

describe('the results of a suite', () => {
  it('name each test that needed a second try, and say why', () => {
    const { report, exitCode, folder } = reportOf(`
      let tries = 0
      describe('a cluster', () => {
        it('has a bad moment', () => { if (tries++ === 0) throw new Error('gone\\nfor now') })
        it('is well', () => undefined)
        it.skip('is not there', () => undefined)
        it.todo('will be there')
      })`)
    expect(secondTries(report, folder)).toEqual(['second try: some.test.mjs > a cluster has a bad moment: Error: gone'])
    expect(sumOf(report, exitCode)).toBe('2 passed, 0 failed, 2 skipped')
  })

  it('count a test that fails twice as failed, not as tried again', () => {
    const { report, exitCode, folder } = reportOf(`it('never works', () => { throw new Error('no') })`)
    expect(secondTries(report, folder)).toEqual([])
    expect(sumOf(report, exitCode)).toBe('0 passed, 1 failed, 0 skipped')
  })

  it('count an error that belongs to no test as a failure', () => {
    const { report, exitCode } = reportOf(`
      it('ends before its work', () => void Promise.reject(new Error('late')))
      it('gives it time', () => new Promise((done) => setImmediate(done)))`)
    expect(exitCode).toBe(1)
    expect(sumOf(report, exitCode)).toBe('2 passed, 1 failed, 0 skipped')
  })

  it('count a run without a report as a failure', () => {
    expect(sumOf(undefined, 1)).toBe('0 passed, 1 failed, 0 skipped')
  })
})
