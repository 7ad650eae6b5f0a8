import { createKubeClient, type ServerWarning } from '@agent-jobs/kube-api'
import { agentNamed } from '../agents/agents.ts'
import { resolveCluster } from '../cluster/resolve-cluster.ts'
import { defaultImage } from '../input/default-image.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { findingLines, type Finding } from './finding.ts'
import { probeImage } from './probe-image.ts'
import { runChecks } from './run-checks.ts'

/** Whether `agent-jobs run` can work here: prints findings as they come and gives the exit code. */
export async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env, (message) => terminal.err(`! ${message}\n`))
  const agent = agentNamed(options.agent)
  const image = options.image ?? defaultImage(terminal.env)
  const warnings: ServerWarning[] = []
  const client = createKubeClient({
    kubeConfig,
    userAgent: 'agent-jobs-cli',
    onWarning: (warning) => warnings.push(warning),
  })
  const ending = new AbortController()
  const stopListening = terminal.onSignal(() => ending.abort(new DOMException('Interrupted', 'AbortError')))
  const style = createStyle(terminal.colours.out)
  const findings: Finding[] = []
  const show = (finding: Finding): void => {
    findings.push(finding)
    if (!options.json) for (const line of findingLines(finding, style)) terminal.out(`${line}\n`)
  }
  const failed = (): boolean => findings.some(({ level }) => level === 'error')
  const { as, serviceAccount, fix = false } = options
  try {
    const checks = { client, namespace, agent, image, as, serviceAccount, fix, warnings }
    for await (const finding of runChecks(checks)) {
      show(finding)
      if (ending.signal.aborted) return 130
    }
    // Nothing is started where it cannot work, nor unasked.
    if (options.image !== undefined && !failed()) {
      for await (const finding of probeImage(client, { namespace, image, agent, signal: ending.signal })) show(finding)
    }
  } catch (error) {
    if (!ending.signal.aborted) throw error
    return 130
  } finally {
    stopListening()
    await client.close()
  }
  const warned = findings.some(({ level }) => level === 'warn')
  const status = failed() ? 'fail' : warned ? 'warn' : 'pass'
  if (options.json) terminal.out(jsonLine({ status, checks: findings, testedAt: new Date().toISOString() }))
  if (failed() || !options.run) return failed() ? 1 : 0
  const { run } = await import('../actions/run.ts')
  const { namespace: where, kubeconfig, context, env, envFile, model, json } = options
  const place = {
    namespace: where ?? namespace,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  }
  const given = {
    ...(env === undefined ? {} : { env }),
    ...(envFile === undefined ? {} : { envFile }),
    ...(model === undefined ? {} : { model }),
  }
  const flags = {
    ...place,
    ...given,
    agent: agent.name,
    image,
    startTimeout: 120_000,
    timeout: 180_000,
    json: json ?? false,
  }
  return run({ prompt: 'Reply with the word OK and nothing else.', extra: [] }, flags, terminal)
}
