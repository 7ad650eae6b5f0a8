import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

// These packages do nothing when they are loaded, but do not say so; said for them, esbuild leaves out what nobody uses.
const quietImport = /^@(?:kubernetes\/client-node|paperclipai\/(?:shared|adapter-utils))(?:\/|$)/
const quietFolder = /node_modules\/@(?:kubernetes\/client-node|paperclipai\/(?:shared|adapter-utils))\//

/**
 * Keeps the bundle small. kube-api looks up client-node's model classes by their names, so all of them must be there; none
 * of its API classes (8 MB) need be.
 */
export const quietPackages: Plugin = {
  name: 'quiet-packages',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === 'resolved') return null
      if (!quietImport.test(path) && !quietFolder.test(importer)) return null
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: 'resolved' })
      if (importer.endsWith('/model-dates.ts') && path === '@kubernetes/client-node') {
        return { path: dirname(found.path), namespace: 'client-node-models' }
      }
      return quietFolder.test(found.path) ? { ...found, sideEffects: false } : found
    })
    onLoad({ filter: /.*/, namespace: 'client-node-models' }, ({ path }) => ({
      contents: ['gen/models/all.js', 'types.js']
        .map((file) => `export * from ${JSON.stringify(join(path, file))}`)
        .join('\n'),
      resolveDir: path,
    }))
  },
}
