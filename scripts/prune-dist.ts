// Removes from each package's dist what an earlier build made from deleted sources: tsc leaves it, and it would be
// published. Run after `turbo run build`, whose cache may bring such files back.
import { readdirSync, rmSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourceOf } from './tarballs/judge-package.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const house of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, house))) {
    const folder = join(root, house, name)
    // Only tsc builds file by file; the adapters are bundles.
    if (!existsSync(join(folder, 'tsconfig.build.json')) || !existsSync(join(folder, 'dist'))) continue
    for (const file of readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })) {
      const source = sourceOf(`dist/${file}`)
      const isCurrent = source !== null && existsSync(join(folder, source)) && !file.endsWith('.map')
      if (source === null || isCurrent) continue
      rmSync(join(folder, 'dist', file))
      console.log(
        `removed ${house}/${name}/dist/${file}: ${file.endsWith('.map') ? 'maps are not built' : `${source} is gone`}`,
      )
    }
  }
}
