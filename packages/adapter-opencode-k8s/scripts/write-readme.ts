// Writes the generated parts of README.md; a test fails when they are stale.
import { fileURLToPath } from 'node:url'
import { writeReadme } from '../../adapter-kit/scripts/readme-parts.ts'
import { opencodeDefinition } from '../src/opencode-definition.ts'

writeReadme(fileURLToPath(new URL('../README.md', import.meta.url)), opencodeDefinition)
