// Writes docs/configuration.md from the schemas of the adapters; a test fails when it is stale.
// usage: node --conditions=@agent-jobs/source scripts/write-configuration.ts
import { writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
