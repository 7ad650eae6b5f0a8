/**
 * For a launcher that may not parse: a line with this text is the last of a turn that ended well, and a process has one
 * turn. The brace in front keeps out most JSON that a tool returns; text in messages and output has escaped quotes.
 */
export const finishRule: { readonly stdoutLineIncludes: string[] } = {
  stdoutLineIncludes: ['{"type":"turn.completed","usage":{"input_tokens":'],
}
