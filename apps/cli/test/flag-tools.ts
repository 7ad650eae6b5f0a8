import { spawn } from 'node:child_process'
import type { InstalledCli } from './installed-cli.ts'

/** Starts the installed program, waits until it has shown a text on either stream, presses Ctrl-C, and waits for its end. */
export async function interrupt(
  cli: InstalledCli,
  args: readonly string[],
  until: RegExp,
  env: Readonly<Record<string, string>> = {},
  whileRunning: (seen: string) => Promise<void> = async () => undefined,
): Promise<{ code: number | null; seen: string }> {
  const { PATH = '' } = process.env
  const child = spawn(cli.bin, args, { cwd: cli.folder, env: { PATH, HOME: cli.folder, ...env }, stdio: 'pipe' })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  let seen = ''
  const shown = new Promise<void>((resolve) => {
    const look = (chunk: Buffer): void => {
      seen += chunk.toString()
      if (until.test(seen)) resolve()
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    // A program that ends early shows nothing more; the caller's assertion tells what it showed.
    void ended.finally(resolve).catch(() => undefined)
  })
  try {
    await shown
    await whileRunning(seen)
  } finally {
    child.kill('SIGINT')
  }
  return { code: await ended, seen }
}
