// CSI (colours, cursor), OSC and other strings (titles, links) up to BEL or ST, and the short sequences.
const sequences =
  // eslint-disable-next-line no-control-regex -- a terminal's sequences begin with the escape character
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g
// eslint-disable-next-line no-control-regex -- what is left of them; a tab and line ends are text
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g

/** The text without what only a terminal understands: colours, cursor movements, titles, NULs and other controls. */
export function withoutTerminalCodes(text: string): string {
  return text.replace(sequences, '').replace(controls, '')
}
