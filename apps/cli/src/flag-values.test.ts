import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAnsweringServer, type AnsweringServer } from '../test/answering-server.ts'
import { fakeTerminal } from '../test/fake-terminal.ts'
import { programFlags } from '../test/program-flags.ts'
import { runCli } from './run-cli.ts'

// Wrong usage must end before the first request.
let server: AnsweringServer
beforeAll(async () => {
  server = await startAnsweringServer(() => [500, {}])
})
afterAll(() => server[Symbol.asyncDispose]())

async function refused(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal({ env: server.env })
  const code = await runCli([...args, '--json'], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

const numbers = [
  '',
  ' ',
  '-1',
  '-0.5',
  '+1',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e3',
  '1e400',
  '0x10',
  '9'.repeat(30),
  '1,5',
  '١',
]
/** What each kind of value refuses, by its name in the help. */
const wrongValues: Readonly<Record<string, readonly string[]>> = {
  n: [...numbers, '1.5', '9007199254740993'],
  span: [...numbers, '0', '0s', '5 s', '1w', '400d', '-5s'],
  quantity: [...numbers, '0', 'lots', '1 Gi', '1e9', '2gb', '1000000000Gi'],
  labels: ['', ' ', ',', 'a=b;c', 'a=b\n'],
  'key=value': ['', ' '],
  'key[=value][:effect]': ['', 'k:Never', 'k=v w', ':NoSchedule'],
  url: ['', 'paperclip', 'ftp://host', 'javascript:alert(1)'],
  'url[@ref]': ['', 'repo', '--upload-pack=x', 'ext::sh -c x', 'https://host/repo@-x'],
  session: ['', ' ', 'a\nb'],
  'name[=value]': ['', '=x', '1A=x', 'A B=x', 'AGENT_JOBS_SPEC=x'],
  'from[:to]': ['', ':x', 'x:', 'a\nb'],
  'path[:to]': ['', ':x', 'x:', '/'],
  'name:path': ['', 'data', 'data:', 'data:relative', ':/x', 'Data:/x'],
  text: ['', ' '],
  key: ['', ' ', 'a\nb'],
  name: ['', ' ', 'a\nb'],
  user: ['', ' ', 'a\u009bb'],
  file: ['', ' ', 'a\nb'],
  folder: ['', ' '],
  path: ['', ' ', 'a\nb'],
  signal: ['', 'SIGNOTHING', '-1', '65536'],
  format: ['', 'xml'],
  which: ['', 'other'],
  address: ['', ' '],
}
const withValue = programFlags().filter(({ value }) => value !== undefined)

describe('an option with a value', () => {
  it.each(withValue.map((flag) => [flag.name, flag] as const))(
    '%s refuses what it cannot mean, before anything is asked or created',
    async (_name, { command, option, value = '' }) => {
      const wrong = wrongValues[value]
      expect(wrong, `a kind of value without a list of wrong ones: <${value}>`).toBeDefined()
      for (const each of wrong ?? []) {
        const flag = option.long ?? ''
        const { code, out, err } = await refused([...command, flag, each])
        expect({ flag, each, code }).toEqual({ flag, each, code: 2 })
        expect(JSON.parse(out)).toMatchObject({ error: { code: 'usage', message: expect.stringContaining(flag) } })
        expect(err).toContain('--help')
      }
      expect(server.requests).toEqual([])
    },
  )
})
