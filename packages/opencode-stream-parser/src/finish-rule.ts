/**
 * For a launcher that may not parse: a line with all of these ends a step after which OpenCode asks the model
 * nothing more. After a compaction it does go on, so wait a grace from the last such line.
 */
export const finishRule: { readonly stdoutLineIncludes: string[] } = {
  stdoutLineIncludes: ['"type":"step_finish"', '"reason":"stop"', '"sessionID":"'],
}
