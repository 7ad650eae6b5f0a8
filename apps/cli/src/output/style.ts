import { createColors } from 'picocolors'

/** Text styles that do nothing without colour. */
export type Style = ReturnType<typeof createColors>

/** Creates the styles, or ones that leave text unchanged. */
export function createStyle(enabled: boolean): Style {
  return createColors(enabled)
}

/** Shortens to `width` characters, with an ellipsis. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
