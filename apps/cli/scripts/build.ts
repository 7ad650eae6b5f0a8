// Run by `pnpm build`: one file per command and what they share, with every dependency in it, so that an installation is
// this package alone and a command loads only its own code.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { quietPackages } from '../../../packages/adapter-kit/scripts/quiet-packages.ts'
import { licencesOf } from './licences.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = process.argv[2] ?? join(root, 'dist')

await rm(outdir, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outdir,
  bundle: true,
  splitting: true,
  metafile: true,
  chunkNames: 'chunks/[name]-[hash]',
  conditions: ['@agent-jobs/source'],
  plugins: [quietPackages],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  define: { AGENT_JOBS_VERSION: JSON.stringify(await ownVersion()) },
  // Packages in CommonJS call `require` for Node's own modules; an ES module has none.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
})
await writeFile(join(outdir, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(Object.keys(metafile.inputs), root))

async function ownVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}
