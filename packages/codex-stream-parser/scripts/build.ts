// Run by `pnpm build`.
import { fileURLToPath } from 'node:url'
import { buildParser } from '../../stream-parser-core/scripts/build-parser.ts'

await buildParser(fileURLToPath(new URL('..', import.meta.url)))
