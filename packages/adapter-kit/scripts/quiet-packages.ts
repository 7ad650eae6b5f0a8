import { join } from 'node:path'
import type { Plugin } from 'esbuild'

// These packages do nothing when they are loaded, but do not say so; said for them, esbuild leaves out what nobody uses.
const quietImport = /^@(?:kubernetes\/client-node|paperclipai\/(?:shared|adapter-utils))(?:\/|$)/
const quietFolder = /node_modules\/@(?:kubernetes\/client-node|paperclipai\/(?:shared|adapter-utils))\//

/** Keeps the bundle small: of client-node's 8 MB of API classes none is used. */
export const quietPackages: Plugin = {
  name: 'quiet-packages',
  setup({ onResolve, resolve }) {
    onResolve({ filter: quietImport }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === 'resolved') return null
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: 'resolved' })
      return { ...found, sideEffects: false }
    })
    // Inside them an import is a file beside. esbuild asked for each of the 2,300 took 10 s of a bundle's 11.
    onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) =>
      quietFolder.test(importer) ? { path: join(resolveDir, path), sideEffects: false } : null,
    )
  },
}
