// Writes what is generated from sources and not committed. Runs on install, before a demo and before tests.
import { bundlePage } from '../apps/cli/scripts/bundle-page.ts'
import { bundleProgram } from '../packages/launcher/scripts/bundle-program.ts'

for (const name of ['launcher', 'adapter-codex-k8s', 'adapter-opencode-k8s']) {
  await bundleProgram(new URL(`../packages/${name}/src/`, import.meta.url))
}
await bundlePage()
