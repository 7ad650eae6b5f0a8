// Builds what Paperclip loads: one ESM file with everything in it, and the UI's parser as a plain script.
// Run by `pnpm build`; a test loads both results the way Paperclip does.
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import { quietPackages } from './quiet-packages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  conditions: ['@agent-jobs/source'],
  legalComments: 'linked',
  logLevel: 'warning',
}

/** Writes `index.js` and `ui-parser.js` into a folder. */
export async function buildAdapter(outdir = 'dist'): Promise<void> {
  await build({
    ...common,
    entryPoints: ['src/index.ts'],
    outfile: `${outdir}/index.js`,
    plugins: [quietPackages],
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // Packages in CommonJS call `require` for Node's own modules; an ES module has none.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  })
  await build({
    ...common,
    entryPoints: ['src/ui-parser.ts'],
    outfile: `${outdir}/ui-parser.js`,
    format: 'iife',
    globalName: 'paperclipUiParser',
    platform: 'neutral',
    target: 'es2020',
    // Paperclip's worker runs the file as a function with `exports`; where there is none, the script does nothing.
    footer: { js: 'Object.assign(typeof exports === "object" ? exports : {}, paperclipUiParser);' },
  })
  // The declarations say only what Paperclip uses; those of the sources would name every inlined package.
  await writeFile(
    join(resolve(root, outdir), 'index.d.ts'),
    `import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
/** Makes the adapter; Paperclip calls this when it loads the package. */
export declare function createServerAdapter(): ServerAdapterModule
`,
  )
  await writeFile(
    join(resolve(root, outdir), 'ui-parser.d.ts'),
    `/** What Paperclip's UI calls for each line of a run's log. */
export declare function parseStdoutLine(line: string, ts: string): { kind: string; ts: string }[]
`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAdapter()
