import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { doubtOfGoneLogMs, saysTooManyOpenFiles, serverWords } from './server-words.ts'

const folder = new URL('__fixtures__/log-responses/', import.meta.url)

describe('text after the last newline', () => {
  it.each(readdirSync(folder).filter((name) => name.startsWith('200')))('%s', (name) => {
    const { body } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { body: string }
    const rest = body.slice(body.lastIndexOf('\n') + 1)
    expect(serverWords(Buffer.from(rest))).toBe(rest)
    expect(saysTooManyOpenFiles(rest)).toBe(name.includes('no-inotify'))
    const isGone = /containerd-down|container-removed/.test(name) && rest.startsWith('unable')
    expect(doubtOfGoneLogMs(rest)).toBe(name.includes('log-file-gone') ? 10_000 : isGone ? 120_000 : null)
  })

  it('treats every cut of a stamped line as a piece of it', () => {
    const line = Buffer.from('2026-11-21T14:45:00.250000000+05:45 a line')
    for (let length = 0; length <= line.length; length++) expect(serverWords(line.subarray(0, length))).toBe('')
  })

  it('treats every cut of a bare frame as a piece of it', () => {
    const line = Buffer.from('@aj1 12 o 1795251600000 3 abc.')
    for (let length = 0; length <= line.length; length++) expect(serverWords(line.subarray(0, length))).toBe('')
  })
})
