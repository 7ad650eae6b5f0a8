// Writes the generated pages of docs/ from the adapters; a test fails when they are stale.
// usage: node --conditions=@agent-jobs/source scripts/write-pages.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'
import { errorSections } from './troubleshooting-page.ts'

const docs = new URL('../docs/', import.meta.url)
writeFileSync(new URL('configuration.md', docs), configurationPage())

const troubleshooting = new URL('troubleshooting.md', docs)
writeFileSync(
  troubleshooting,
  readFileSync(troubleshooting, 'utf8').replace(
    /(<!-- codes[^>]*-->)[\s\S]*(<!-- \/codes -->)/,
    (_all, open: string, close: string) => `${open}\n\n${errorSections()}\n\n${close}`,
  ),
)
