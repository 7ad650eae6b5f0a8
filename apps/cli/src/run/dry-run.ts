import { buildManifest, requestProblems, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { CliError } from '../cli-error.ts'

const hidden = '(hidden)'

/** The Job and the Secret that a request would make, as YAML; nothing of what the Secret holds but the names. */
export async function dryRun(request: RunRequest, namespace: string): Promise<string> {
  const problems = requestProblems(request)
  if (problems.length > 0) throw new CliError('usage', `The run request is not valid: ${problems.join('; ')}.`)
  const { job, secret } = buildManifest(request, namespace)
  const names = Object.keys(secret.stringData ?? {})
  const shown = { ...secret, stringData: Object.fromEntries(names.map((name) => [name, hidden])) }
  // Every other command starts without the kit.
  const { manifestsYaml } = await import('@agent-jobs/adapter-kit')
  return manifestsYaml('What this run would make; nothing was made. The Secret goes with the Job.', [shown, job])
}
