import { spawn } from 'node:child_process'

/** Names and figures change from run to run; the text between them does not. */
const masked = (text: string): string =>
  text.replaceAll(/\b[a-z0-9]+(?:-[a-z0-9]+)*-[a-z0-9]{5}\b|\d+(?:\.\d+)?/g, '#').trim()

/** How long to wait for a program that has printed everything but keeps running, such as a watch. */
const lingerMs = 1_000

/** How to run an example. */
export interface ExampleRun {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** The expected output, apart from figures and generated names. */
  readonly expected: string
  readonly timeoutMs: number
}

/** Runs a program of a consumer's folder. Returns an error message if it does not print what was expected. */
export async function runExample(file: string, run: ExampleRun): Promise<string | null> {
  const child = spawn(process.execPath, [file], { cwd: run.cwd, env: run.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let complained = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const tooLong = setTimeout(() => child.kill('SIGKILL'), run.timeoutMs)
  let lingers: NodeJS.Timeout | undefined
  let printed = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    printed += String(text)
    clearTimeout(lingers)
    lingers = masked(printed) === masked(run.expected) ? setTimeout(() => child.kill('SIGKILL'), lingerMs) : undefined
  }
  const code = await ended
  clearTimeout(tooLong)
  clearTimeout(lingers)
  const isAsExpected = masked(printed) === masked(run.expected) && (code === 0 || lingers !== undefined)
  if (isAsExpected) return null
  const said = `${JSON.stringify(printed)}${complained === '' ? '' : ` and ${JSON.stringify(complained.slice(0, 1_000))}`}`
  return `its README's example ends with ${code ?? 'a signal'} and prints ${said} instead of ${JSON.stringify(run.expected)}`
}
