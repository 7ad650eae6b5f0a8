import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import { quietPackages } from './quiet-packages.ts'

const always: BuildOptions = {
  bundle: true,
  conditions: ['@agent-jobs/source'],
  legalComments: 'linked',
  logLevel: 'warning',
}

/**
 * Builds an adapter package: `index.js`, one ESM file with everything that Paperclip loads, `ui-parser.js`, the UI's parser
 * as a plain script, and `agent.js`, the agent alone. `artefactTests` loads both the way Paperclip does.
 */
export async function buildAdapter({ root, outdir = 'dist' }: { root: string; outdir?: string }): Promise<void> {
  const common: BuildOptions = { ...always, absWorkingDir: root }
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
    // CommonJS packages call `require` for Node's own modules; an ES module does not have it.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  })
  // Code that runs the agent without Paperclip must not load what only Paperclip needs.
  await build({
    ...common,
    entryPoints: ['src/agent.ts'],
    outfile: `${outdir}/agent.js`,
    format: 'esm',
    platform: 'node',
    target: 'node22',
  })
  await build({
    ...common,
    entryPoints: ['src/ui-parser.ts'],
    outfile: `${outdir}/ui-parser.js`,
    format: 'iife',
    globalName: 'paperclipUiParser',
    platform: 'neutral',
    target: 'es2020',
    // Paperclip's worker runs the file as a function with `exports`; without it, the script does nothing.
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
    join(resolve(root, outdir), 'agent.d.ts'),
    `import type { Agent } from '@agent-jobs/agent-run'
/** The agent: how it is started, and how its output is read. */
export declare const ${await agentName(root)}: Agent
`,
  )
  await writeFile(
    join(resolve(root, outdir), 'ui-parser.d.ts'),
    `/** What Paperclip's UI calls for each line of a run's log. */
export declare function parseStdoutLine(line: string, ts: string): { kind: string; ts: string }[]
`,
  )
}

/** The one name that `src/agent.ts` exports. */
async function agentName(root: string): Promise<string> {
  const [, name] = /^export const (\w+): Agent\b/m.exec(await readFile(join(root, 'src/agent.ts'), 'utf8')) ?? []
  if (name === undefined) throw new Error(`Expected src/agent.ts in ${root} to export one \`Agent\``)
  return name
}
