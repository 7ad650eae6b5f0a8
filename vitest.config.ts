import { defineConfig } from 'vitest/config'
import { SlowFirst } from './scripts/slow-first.ts'

const e2e = '**/*.e2e.test.ts'
const paperclip = '**/*.paperclip.test.ts'
const ignored = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  // Packages are tested from their sources; no build is needed first.
  resolve: { conditions: ['@agent-jobs/source', 'module', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@agent-jobs/source', 'module', 'node', 'import', 'default'] } },
  test: {
    // Most tests wait for processes and sockets more than they compute: with a worker for each of two cores, a quarter of
    // them would be idle.
    maxWorkers: 3,
    globalSetup: 'scripts/test-temp.ts',
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages,apps}/*/{src,test,conformance}/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
            'drift/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          exclude: [...ignored, e2e, paperclip],
          testTimeout: 30_000,
          // A process for each of 200 files loads the same modules again and again: half the work of the small ones. No
          // test replaces a module or leaves the process other than it was.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [`{packages,apps}/*/{src,test,conformance}/${e2e}`, `{scripts,examples}/${e2e}`],
          exclude: ignored,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // A real cluster on a shared machine has bad moments that are none of ours; twice in a row is a failure.
          retry: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'paperclip',
          include: [`{packages,apps}/*/{src,test,conformance}/${paperclip}`],
          // The comparison with the built-in adapters is for new versions of Paperclip: `--beside-builtin`.
          exclude:
            process.env['AGENT_JOBS_BESIDE_REPORT'] === undefined
              ? [...ignored, '**/beside.paperclip.test.ts']
              : ignored,
          testTimeout: 300_000,
          // The first server of a machine installs Paperclip, 1.6 GB, before it starts.
          hookTimeout: 600_000,
          fileParallelism: false,
          retry: 1,
        },
      },
    ],
  },
})
