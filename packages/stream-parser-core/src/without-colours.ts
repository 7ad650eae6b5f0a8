// eslint-disable-next-line no-control-regex -- the colour codes of a terminal begin with the escape character
const ansi = /\u001b\[[0-9;]*[A-Za-z]/g

/** The text without the colour codes of a terminal. */
export function withoutColours(text: string): string {
  return text.replace(ansi, '')
}
