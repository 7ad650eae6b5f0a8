import { stripVTControlCharacters } from 'node:util'
import { createColors } from 'picocolors'

/** Text styles that do nothing where there is no colour. */
export type Style = ReturnType<typeof createColors>

/** Makes the styles, or ones that leave every text as it is. */
export function createStyle(enabled: boolean): Style {
  return createColors(enabled)
}

/** Removes what could steer a terminal: escape sequences and control characters other than newline and tab. */
export function plain(text: string): string {
  let safe = ''
  for (const character of stripVTControlCharacters(text)) if (!steers(character.charCodeAt(0))) safe += character
  return safe
}

function steers(code: number): boolean {
  if (code === 0x09 || code === 0x0a) return false
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

/** Shortens to `width` characters, with an ellipsis. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
