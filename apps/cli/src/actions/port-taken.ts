import { CliError } from '../errors/cli-error.ts'

/** The error of a server that could not listen, for a person; any other is as it was. */
export function portTaken(cause: unknown, port: number): unknown {
  if (!(cause instanceof Error && 'code' in cause && /^(?:EADDRINUSE|EACCES)$/.test(String(cause.code)))) return cause
  const why = cause.code === 'EACCES' ? 'may not be used by this user' : 'is taken'
  return new CliError('port_taken', `Port ${port} of 127.0.0.1 ${why}. Pass another --port, or none for a free one.`, {
    cause,
  })
}
