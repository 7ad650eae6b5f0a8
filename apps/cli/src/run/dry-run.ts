import { buildManifest, requestProblems, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { CliError } from '../errors/cli-error.ts'

const hidden = '(hidden)'

/** The Job and the Secret that a request would make, as YAML; only the names of the Secret's entries are shown. */
export async function dryRun(request: RunRequest, namespace: string): Promise<string> {
  const problems = requestProblems(request)
  if (problems.length > 0) throw new CliError('usage', `The run request is not valid: ${problems.join('; ')}.`)
  const { job, secret } = buildManifest(request, namespace)
  const names = Object.keys(secret.stringData ?? {})
  const shown = { ...secret, stringData: Object.fromEntries(names.map((name) => [name, hidden])) }
  // Loaded here because it loads the adapter kit, which every other command starts without.
  const { writeYaml } = await import('@agent-jobs/manifests')
  return writeYaml(
    [shown, job],
    'The objects that this run would create. Nothing was created. The Secret is deleted with the Job.',
  )
}
