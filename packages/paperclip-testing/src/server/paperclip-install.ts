import { execFile } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The scripts that start a real Paperclip; null if they are not next to this checkout. */
export const paperclipScripts: string | null = (() => {
  const folder = fileURLToPath(new URL('../../../../../shared/paperclip', import.meta.url))
  return existsSync(join(folder, 'paperclip-up.mjs')) ? folder : null
})()

/** Where Paperclip is installed; kept between test runs, since it takes 1.6 GB. */
export const installFolder = process.env['AGENT_JOBS_PAPERCLIP_DIR'] ?? join(tmpdir(), 'agent-jobs-paperclip')

/** Installs Paperclip if necessary, and creates a folder for one server; servers share one installation. */
export async function serverFolder(script: string, name: string): Promise<string> {
  mkdirSync(installFolder, { recursive: true })
  const install = [
    join(installFolder, 'install.lock'),
    process.execPath,
    script,
    '--dir',
    installFolder,
    '--install-only',
  ]
  // Several test files may get here at the same time.
  await run('flock', install, { maxBuffer: 64 * 1024 * 1024 })
  const folder = join(installFolder, 'servers', name)
  mkdirSync(folder, { recursive: true })
  // The npm of this server reaches no registry: an adapter must install from its tarball alone.
  mkdirSync(join(folder, 'home'), { recursive: true })
  writeFileSync(join(folder, 'home', '.npmrc'), 'registry=http://127.0.0.1:9\nfetch-retries=0\naudit=false\n')
  const programs = join(folder, 'rt')
  if (lstatSync(programs, { throwIfNoEntry: false }) === undefined) symlinkSync(join(installFolder, 'rt'), programs)
  return folder
}
