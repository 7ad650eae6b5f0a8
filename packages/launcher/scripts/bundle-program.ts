import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Bundles a program that runs inside a pod, on Node 18 and newer, into a module that exports it as a string constant
 * `programText`. `folder` is that of the package's sources.
 */
export async function bundleProgram(folder: URL): Promise<void> {
  const target = new URL('program-text.generated.ts', folder)
  const result = await build({
    entryPoints: [fileURLToPath(new URL('program/main.ts', folder))],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    // Other packages of this repository are read as sources: this runs before they are built.
    conditions: ['@agent-jobs/source'],
    minify: true,
    legalComments: 'none',
    // Becomes a lazy `require`: code in `eval` has no `import()`.
    supported: { 'dynamic-import': false },
  })
  const program = result.outputFiles[0]?.text
  if (program === undefined) throw new Error(`esbuild produced no output for ${folder.href}`)
  const text = `/** The program that \`node\` runs in the pod: one text, bundled and minified from src/program. */
export const programText: string = ${JSON.stringify(program)}\n`
  if ((await readFile(target, 'utf8').catch(() => '')) !== text) await writeFile(target, text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleProgram(new URL('../src/', import.meta.url))
