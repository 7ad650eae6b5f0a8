// Run by `pnpm build`.
import { fileURLToPath } from 'node:url'
import { buildAdapter } from '../../adapter-kit/scripts/build-adapter.ts'

await buildAdapter({ root: fileURLToPath(new URL('..', import.meta.url)) })
