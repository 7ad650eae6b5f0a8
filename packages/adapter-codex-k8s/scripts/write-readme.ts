// Writes the generated parts of README.md; a test fails when they are stale.
import { fileURLToPath } from 'node:url'
import { readmeParts, writeReadme } from '../../adapter-kit/scripts/readme-parts.ts'
import { codexDefinition } from '../src/codex-definition.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
writeReadme(`${root}README.md`, readmeParts(codexDefinition))
