// Writes the generated parts of README.md; a test fails when they are stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { errorsTable, roleYaml, settingsTable } from '@agent-jobs/adapter-kit'
import { claudeDefinition } from '../src/claude-definition.ts'

const file = fileURLToPath(new URL('../README.md', import.meta.url))

/** The generated parts by the name of their marker. */
export function readmeParts(): Record<string, string> {
  return {
    settings: settingsTable(claudeDefinition.schema),
    errors: errorsTable(claudeDefinition.errorNames),
    role: `\`\`\`yaml\n${roleYaml()}\n\`\`\``,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let text = readFileSync(file, 'utf8')
  for (const [name, part] of Object.entries(readmeParts())) {
    text = text.replace(
      new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`),
      (_all, open: string, close: string) => `${open}\n\n${part}\n\n${close}`,
    )
  }
  writeFileSync(file, text)
}
