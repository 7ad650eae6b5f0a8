// Writes what is generated from sources and not committed. Runs on install, before a demo and before tests.
import { bundleLauncher } from '../packages/launcher/scripts/bundle-program.ts'
import { copyCore } from '../packages/stream-parser-core/scripts/copy-core.ts'

await bundleLauncher()
await copyCore()
