import { describe, expect, it } from 'vitest'
import {
  collectClaim,
  collectCopy,
  collectLabel,
  collectName,
  collectToleration,
  readAbsolutePath,
  readImage,
  readSelector,
  readText,
  readGitSource,
  readInteger,
  readLabel,
  readObjectName,
  readSecondsSpan,
  readSpan,
} from './options.ts'

describe('names of Kubernetes objects', () => {
  it('are used unchanged', () => {
    expect(readLabel('agents-1')).toBe('agents-1')
    expect(readObjectName('claude-1.a')).toBe('claude-1.a')
  })

  it.each(['', 'Bad', 'a_b', '-a', 'a-', 'a b', 'a.b', 'a'.repeat(64)])('refuses %j as a namespace', (value) => {
    expect(() => readLabel(value)).toThrow('Expected a Kubernetes name')
  })

  it.each(['', 'Bad', 'a_b', '.a', 'a..b', 'a/b', 'a'.repeat(254)])('refuses %j as a Job', (value) => {
    expect(() => readObjectName(value)).toThrow('Expected a Kubernetes name')
  })
})

describe('collectClaim', () => {
  it('reads claim and path', () => {
    expect(collectClaim('data:/paperclip', [{ claim: 'a', path: '/a' }])).toEqual([
      { claim: 'a', path: '/a' },
      { claim: 'data', path: '/paperclip' },
    ])
  })

  it.each(['data', 'data:', 'data:relative', ':/x', 'Data:/x', '-a:/x'])('refuses %j', (value) => {
    expect(() => collectClaim(value)).toThrow('Expected NAME:/PATH')
  })
})

describe('texts', () => {
  it('requires an absolute path', () => {
    expect(readAbsolutePath('/work')).toBe('/work')
    expect(() => readAbsolutePath('work')).toThrow('Expected an absolute path')
    expect(() => readAbsolutePath('/work\n')).toThrow('Expected an absolute path')
  })

  it('requires one line that says something', () => {
    expect(readText('Ada Lovelace')).toBe('Ada Lovelace')
    expect(() => readText(' ')).toThrow('It is empty.')
    expect(() => readText('a\u009b2J')).toThrow('Expected one line of text')
  })

  it.each(['agent', 'registry.example:5000/team/agent:1.2', 'agent@sha256:0a1b'])('takes the image %s', (image) => {
    expect(readImage(image)).toBe(image)
  })
  it.each(['', 'a b', '-a', 'https://registry.example/agent', 'agent\n'])('refuses the image %j', (image) => {
    expect(() => readImage(image)).toThrow('Expected an image')
  })

  it('takes selectors as kubectl does', () => {
    for (const selector of ['a=b', 'a.io/b!=c,!d', 'env in (a, b)']) expect(readSelector(selector)).toBe(selector)
    for (const selector of ['', ' ', ',', 'a=b;c', 'a=b\n'])
      expect(() => readSelector(selector)).toThrow('Expected labels')
  })
})

describe('readSpan', () => {
  it.each([
    ['90', 90_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('reads %s', (value, ms) => {
    expect(readSpan(value)).toBe(ms)
  })

  it.each(['', '0', '-1', '-5s', '1w', '367d', '99999999999h', 'soon', '1e3'])('refuses %j', (value) => {
    expect(() => readSpan(value)).toThrow('Expected a span such as')
  })
})

describe('readSecondsSpan', () => {
  it('rounds up to whole seconds', () => {
    expect(readSecondsSpan('1.2s')).toBe(2000)
    expect(() => readSecondsSpan('500ms')).toThrow('at least one second')
  })
})

describe('readInteger', () => {
  it('stays within its bounds', () => {
    expect(readInteger(0, 65_535)('65535')).toBe(65_535)
    expect(() => readInteger(0, 65_535)('65536')).toThrow('from 0 to 65535')
    expect(() => readInteger(0, 255)('1.5')).toThrow('whole number')
  })
})

describe('options of the pod', () => {
  it('collects labels, tolerations, names and copies', () => {
    expect(collectLabel('a.b/c=d', { x: '' })).toEqual({ x: '', 'a.b/c': 'd' })
    expect(collectToleration('k=v:NoExecute')).toEqual([
      { key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute' },
    ])
    expect(collectToleration('k', [{ key: 'x', operator: 'Exists' }])).toHaveLength(2)
    expect(collectName('b', ['a'])).toEqual(['a', 'b'])
    expect(collectCopy(() => '.')('a', [{ from: 'x', to: 'y' }])).toEqual([
      { from: 'x', to: 'y' },
      { from: 'a', to: '.' },
    ])
    expect(collectCopy(() => '.')('a:b:c')).toEqual([{ from: 'a', to: 'b:c' }])
  })

  it.each([
    ['https://github.com/me/repo', 'https://github.com/me/repo', undefined],
    ['https://github.com/me/repo@main', 'https://github.com/me/repo', 'main'],
    ['https://user@host/repo.git@v1.2', 'https://user@host/repo.git', 'v1.2'],
    ['git@github.com:me/repo', 'git@github.com:me/repo', undefined],
    ['git@github.com:me/repo@topic/x', 'git@github.com:me/repo', 'topic/x'],
    ['ssh://git@host:22/me/repo@0a1b2c', 'ssh://git@host:22/me/repo', '0a1b2c'],
  ])('reads %s', (value, url, ref) => expect(readGitSource(value)).toEqual({ url, ref }))

  it.each([
    ['a label', () => collectLabel('a')],
    ['a label', () => collectLabel('a=b c')],
    ['a toleration', () => collectToleration('k:Never')],
    ['a repository', () => readGitSource('repo')],
    ['a repository', () => readGitSource('--upload-pack=x')],
    ['a name', () => collectName('Bad')],
    ['a copy', () => collectCopy(() => '')(':x')],
    ['a copy', () => collectCopy(() => '')('x:')],
  ])('refuses what is not %s', (_what, read) => expect(read).toThrow('Expected'))
})
