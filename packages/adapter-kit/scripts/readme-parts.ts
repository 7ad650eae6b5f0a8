import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { AgentDefinition } from '../src/agent/agent-definition.ts'
import { roleYaml } from '../src/environment/permissions.ts'
import { settingsTable } from '../src/settings/config-form.ts'

/** A generated part of a README: its marker's name, what the marker asks for, and the text between the markers. */
export interface ReadmePart {
  name: string
  argument: string
  text: string
}

const markers = /<!-- (settings|role)(?:: ([^>]*?))? -->([\s\S]*?)<!-- \/\1 -->/g

/** The generated parts of an adapter's README as they are written there. */
export function writtenParts(readme: string): ReadmePart[] {
  return [...readme.matchAll(markers)].map(([, name = '', argument = '', text = '']) => ({
    name,
    argument,
    text: text.trim(),
  }))
}

/** What belongs between two markers. `<!-- settings: image, env -->` asks for the table of these settings, in that order. */
export function partText(definition: Pick<AgentDefinition, 'schema'>, { name, argument }: ReadmePart): string {
  if (name === 'role') return `\`\`\`yaml\n${roleYaml()}\n\`\`\``
  const shape = new Map<string, z.ZodType>(Object.entries(definition.schema.shape))
  const picked = argument.split(/,\s*/).map((key) => {
    const setting = shape.get(key)
    if (setting === undefined) throw new Error(`README.md asks for the setting ${key}, which does not exist`)
    return [key, setting] as const
  })
  return settingsTable(z.object(Object.fromEntries(picked)))
}

/** Writes the generated parts into a README, each between its markers. */
export function writeReadme(file: string, definition: Pick<AgentDefinition, 'schema'>): void {
  const written = readFileSync(file, 'utf8').replaceAll(markers, (all: string, name: string, argument = '') => {
    const open = all.slice(0, all.indexOf('-->') + 3)
    return `${open}\n\n${partText(definition, { name, argument: String(argument), text: '' })}\n\n<!-- /${name} -->`
  })
  writeFileSync(file, written)
}
