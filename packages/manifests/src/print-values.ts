import { stringify } from 'yaml'
import { z } from 'zod'

const width = 118

/** A schema's defaults as YAML, each below its description. */
export function printValues(schema: z.ZodObject): string {
  return `${printMembers(schema, 0).join('\n')}\n`
}

function printMembers(schema: z.ZodObject, depth: number): string[] {
  return Object.entries(schema.shape).flatMap(([name, member]) => printMember(name, member as z.ZodType, depth))
}

function printMember(name: string, member: z.ZodType, depth: number): string[] {
  const pad = '  '.repeat(depth)
  const group = groupOf(member)
  if (group !== null) return ['', `${pad}${name}:`, ...printMembers(group, depth + 1)]
  const comment = wrap(member.description ?? '', width - pad.length).map((line) => `${pad}# ${line}`)
  const entry = stringify({ [name]: member.parse(undefined) }, { lineWidth: width, singleQuote: true })
  return [
    ...comment,
    ...entry
      .trimEnd()
      .split('\n')
      .map((line) => `${pad}${line}`),
  ]
}

/** The object schema inside a member with a prefault. */
function groupOf(member: z.ZodType): z.ZodObject | null {
  const inner = member instanceof z.ZodPrefault ? member.unwrap() : member
  return inner instanceof z.ZodObject ? inner : null
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 3 > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
