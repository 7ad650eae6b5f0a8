import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildAdapter } from '../../scripts/build-adapter.ts'

const run = promisify(execFile)

/** Builds and packs the adapter in a folder and unpacks the tarball alone in a folder, as an installation has it. */
export async function packedAdapter(root: string): Promise<string> {
  await buildAdapter({ root })
  const folder = mkdtempSync(join(tmpdir(), 'adapter-packed-'))
  chmodSync(folder, 0o755)
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: root })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('pnpm pack made no tarball')
  const target = join(folder, 'unpacked')
  mkdirSync(target)
  await run('tar', ['xzf', join(folder, tarball), '-C', target])
  return join(target, 'package')
}
