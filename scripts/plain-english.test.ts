import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
// Phrases that a native engineer would not write, each with the usual one.
const banned: Readonly<Record<string, string>> = {
  whoever: 'the caller, anyone who',
  'hears? of': 'sees, is notified of',
  'is tried to': 'we try to',
  'for ever': 'indefinitely',
  anew: 'again',
  'mends?': 'fixes, repairs',
  'it is told': 'it gets, it receives',
  'what became of': 'the outcome of',
  'stands nowhere': 'is missing',
  'is no valid': 'is not a valid',
  'leads? nowhere': 'makes no progress',
  'looks whether': 'checks whether',
  'good for this': 'valid for this',
  'what it is told': 'its input',
  'stands? in the way of': 'prevents',
  nobody: 'no one, no user, nothing',
  somebody: 'someone',
  afresh: 'again; starts a new one',
  meanwhile: 'until then',
  'becomes of': 'happens to',
  'for good': 'permanently',
  '(?:is|are|was|were) waited (?:for|out)': 'waits for, retries',
  '(?:is|are|was) told (?:of|about)': 'receives, learns',
  'knows of': 'knows about',
  'stands only': 'is only',
  'wherever (?:it|they) stands?': 'wherever it is',
  'what stands': 'what is',
  '(?<!there )(?:is|are|was|were) no (?!longer\\b)[a-z]+': 'is not a',
}
const ignored = /__fixtures__|CHANGELOG|plain-english|^LICENSE|\.(?:png|svg|generated\.ts)$|pnpm-lock/

it('finds none of the phrases that plain English avoids, in code, tests and documentation', () => {
  const pattern = new RegExp(`\\b(?:${Object.keys(banned).join('|')})\\b`, 'i')
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && !ignored.test(file))
  const found = files.flatMap((file) => {
    const text = readFileSync(root + file, 'utf8')
    return text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []))
  })
  expect(files.length).toBeGreaterThan(500)
  expect(found).toEqual([])
})
