import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildAdapter } from '../../../adapter-kit/scripts/build-adapter.ts'

const run = promisify(execFile)

/** Builds and packs the adapter in a folder, as published. Returns the tarball. */
export async function packAdapter(root: string): Promise<string> {
  await buildAdapter({ root })
  const folder = mkdtempSync(join(tmpdir(), 'adapter-packed-'))
  chmodSync(folder, 0o755)
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: root })
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new Error('pnpm pack made no tarball')
  return join(folder, name)
}

/** Packs the next version of a packed adapter, with one text of its code replaced by another. */
export async function packUpgrade(
  tarball: string,
  { version, from, to }: { version: string; from: string; to: string },
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'adapter-upgrade-'))
  chmodSync(folder, 0o755)
  await run('tar', ['xzf', tarball, '-C', folder])
  const manifest = join(folder, 'package', 'package.json')
  writeFileSync(manifest, JSON.stringify({ ...(JSON.parse(readFileSync(manifest, 'utf8')) as object), version }))
  const code = join(folder, 'package', 'dist', 'index.js')
  const before = readFileSync(code, 'utf8')
  if (!before.includes(from)) throw new Error(`the adapter's code does not contain ${JSON.stringify(from)}`)
  writeFileSync(
    code,
    before.replace(from, () => to),
  )
  const packed = join(folder, `upgrade-${version}.tgz`)
  await run('tar', ['czf', packed, '-C', folder, 'package'])
  return packed
}
