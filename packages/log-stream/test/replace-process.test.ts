import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { replaceProcess } from './replace-process.ts'

it.runIf(process.platform === 'linux')('kills a process and starts it again by its command', async () => {
  const home = mkdtempSync(join(tmpdir(), 'replace-process-'))
  for (const name of ['pids', 'commands', 'logs']) mkdirSync(join(home, name))
  const first = spawn('sleep', ['60'])
  writeFileSync(join(home, 'pids', 'part'), String(first.pid))
  writeFileSync(join(home, 'commands', 'part'), "sh -c 'echo started again; exec sleep 60' ")
  const log = join(home, 'logs', 'part.log')
  writeFileSync(log, '')
  const written = once(watch(log), 'change')

  const killed = once(first, 'exit')
  await replaceProcess(home, 'part')
  expect(await killed).toEqual([null, 'SIGKILL'])
  await written
  expect(readFileSync(log, 'utf8')).toBe('started again\n')
  const second = Number(readFileSync(join(home, 'pids', 'part'), 'utf8'))
  expect(existsSync(`/proc/${second}`)).toBe(true)
  process.kill(second, 'SIGKILL')
  rmSync(home, { recursive: true })
})
