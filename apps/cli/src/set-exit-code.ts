/** Sets how the process will end. */
export type SetExitCode = (code: number) => void
