// Writes what is generated from sources and not committed. Runs on install, before a demo and before tests.
import { bundleLauncher } from '../packages/launcher/scripts/bundle-program.ts'

await bundleLauncher()
