import { readFileSync, writeFileSync } from 'node:fs'
import type { AgentDefinition } from '../src/agent/agent-definition.ts'
import { roleYaml } from '../src/environment/permissions.ts'
import { errorsTable } from '../src/result/error-table.ts'
import { settingsTable } from '../src/settings/config-form.ts'

/** The generated parts of an adapter's README by the name of their marker; a test fails when they are stale. */
export function readmeParts(
  definition: Pick<AgentDefinition, 'schema' | 'errorNames' | 'ownErrors'>,
): Record<string, string> {
  return {
    settings: settingsTable(definition.schema),
    errors: errorsTable(definition.errorNames, definition.ownErrors),
    role: `\`\`\`yaml\n${roleYaml()}\n\`\`\``,
  }
}

/** Writes the generated parts into a README, each between its markers. */
export function writeReadme(file: string, parts: Record<string, string>): void {
  let text = readFileSync(file, 'utf8')
  for (const [name, part] of Object.entries(parts)) {
    text = text.replace(
      new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`),
      (_all, open: string, close: string) => `${open}\n\n${part}\n\n${close}`,
    )
  }
  writeFileSync(file, text)
}
