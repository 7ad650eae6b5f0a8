import { readFileSync } from 'node:fs'
import { endAs, startCodex, type StartOrder } from './start-codex.ts'

const [orderFile = ''] = process.argv.slice(2)
// Written by the adapter and delivered with the program.
const order = JSON.parse(readFileSync(orderFile, 'utf8')) as StartOrder
startCodex(order, {
  env: process.env,
  now: () => Date.now(),
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  say: (line) => void process.stderr.write(`${line}\n`),
  stopMs: 5_000,
}).then(endAs, (error: unknown) => {
  process.stderr.write(`Error: Codex could not be started: ${String(error)}\n`)
  process.exitCode = 1
})
