/**
 * The container's command: the image's own `node` runs the program that the run's Secret brings as an environment
 * variable. An image without `node` fails to start with the runtime's own words (exit 128, StartError, `exec: "node":
 * executable file not found in $PATH`).
 */
export function bootstrapCommand(): string[] {
  return ['node', '-e', 'eval(process.env.AGENT_JOBS_LAUNCHER)']
}
