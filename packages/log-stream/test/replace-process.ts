import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Kills a part of a cluster on this machine and starts it again by the command that started it. `home` has `pids/PART` and
 * `commands/PART`. The part lives on when this process ends.
 */
export async function replaceProcess(home: string, part: string): Promise<void> {
  const pidFile = join(home, 'pids', part)
  const pid = Number(readFileSync(pidFile, 'utf8'))
  if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
  while (existsSync(`/proc/${pid}`)) await delay(20)
  const log = openSync(join(home, 'logs', `${part}.log`), 'a')
  // The temporary folder of this test run is removed with the run.
  const { TMPDIR: _ofThisRun, ...env } = process.env
  const command = readFileSync(join(home, 'commands', part), 'utf8')
  const child = spawn('bash', ['-c', `exec ${command}`], { detached: true, stdio: ['ignore', log, log], env })
  closeSync(log)
  child.unref()
  writeFileSync(pidFile, String(child.pid))
}
