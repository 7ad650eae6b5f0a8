import { createColors } from 'picocolors'

/** Text styles that do nothing where there is no colour. */
export type Style = ReturnType<typeof createColors>

/** Makes the styles, or ones that leave every text as it is. */
export function createStyle(enabled: boolean): Style {
  return createColors(enabled)
}

/** Shortens to `width` characters, with an ellipsis. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
