// Serves the page until Ctrl-C.
import { once } from 'node:events'
import { startPage } from './start-page.ts'

await using page = await startPage()
console.log(`Open ${page.url}`)
await once(process, 'SIGINT')
