import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const entry = fileURLToPath(new URL('../src/program/main.ts', import.meta.url))
const target = fileURLToPath(new URL('../src/program-text.generated.ts', import.meta.url))

/** Bundles the program that runs inside the pod into one string constant that `index.ts` exports. */
export async function bundleLauncher(): Promise<void> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    // Becomes a lazy `require`: code in `eval` has no `import()`.
    supported: { 'dynamic-import': false },
  })
  const program = result.outputFiles[0]?.text
  if (program === undefined) throw new Error('esbuild produced no output for the launcher program')
  const text = `export const programText: string = ${JSON.stringify(program)}\n`
  await mkdir(new URL('../src/', import.meta.url), { recursive: true })
  if ((await readFile(target, 'utf8').catch(() => '')) !== text) await writeFile(target, text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleLauncher()
