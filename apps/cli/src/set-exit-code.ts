/** Says how the process is to end. */
export type SetExitCode = (code: number) => void
