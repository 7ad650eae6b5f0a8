import { build } from 'tsdown'

/**
 * Builds what a parser package publishes: `index.js` and `index.d.ts`, each one file with the core in it, so that the
 * package needs no other one.
 */
export async function buildParser(root: string): Promise<void> {
  await build({
    cwd: root,
    entry: 'src/index.ts',
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    tsconfig: '../../tsconfig.json',
    inputOptions: { resolve: { conditionNames: ['@agent-jobs/source', 'import', 'default'] } },
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
    // The core is inlined, and nothing else may be imported.
    deps: { alwaysBundle: [/^@agent-jobs\//], onlyBundle: ['@agent-jobs/stream-parser-core'] },
    dts: { generator: 'oxc', sourcemap: false },
    sourcemap: false,
    clean: true,
    config: false,
    logLevel: 'warn',
  })
}
