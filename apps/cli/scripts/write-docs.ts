// Writes docs/errors.md and docs/cli.md; a test fails when they are stale.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createProgram } from '../src/program.ts'
import { fakeTerminal } from '../test/fake-terminal.ts'
import { commandsPage, errorsPage } from './docs.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))
writeFileSync(`${docs}errors.md`, errorsPage())
writeFileSync(`${docs}cli.md`, commandsPage(createProgram(fakeTerminal(), () => undefined)))
