/** Loads a UI parser from its source the way the worker of Paperclip's UI does. */
export function uiParserOf(source: string): (line: string, ts: string) => { kind: string; text?: string }[] {
  const exports: Record<string, unknown> = {}
  const module = { exports }
  // oxlint-disable-next-line no-new-func -- this is what the worker does with the file
  new Function('exports', 'module', 'self', 'globalThis', `"use strict";\n{\n${source}\n}`)(
    exports,
    module,
    undefined,
    undefined,
  )
  return (module.exports as { parseStdoutLine: ReturnType<typeof uiParserOf> }).parseStdoutLine
}
