import { readFile, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

/** Writes the files of the `ui` page into a module, so that both the sources and the bundle serve them from memory. */
export async function bundlePage(): Promise<void> {
  const page = new URL('../ui-page/', import.meta.url)
  const target = new URL('../src/ui/page.generated.ts', import.meta.url)
  const { outputFiles } = await build({
    entryPoints: [new URL('app.ts', page).pathname],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
  })
  const files = {
    '/': { type: 'text/html; charset=utf-8', text: await readFile(new URL('index.html', page), 'utf8') },
    '/style.css': { type: 'text/css; charset=utf-8', text: await readFile(new URL('style.css', page), 'utf8') },
    '/app.js': { type: 'text/javascript; charset=utf-8', text: outputFiles[0]?.text ?? '' },
  }
  const text = `/** The files of the page by their path, from ui-page. */
export const pageFiles: Readonly<Record<string, { readonly type: string; readonly text: string } | undefined>> = ${JSON.stringify(files)}\n`
  if ((await readFile(target, 'utf8').catch(() => '')) !== text) await writeFile(target, text)
}
