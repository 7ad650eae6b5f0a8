import { errorMessage } from '@agent-jobs/primitives'
import { createRunTracer, disabledTracer, otlpSink, type RunTracer } from '@agent-jobs/tracing'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

const endpointVariable = 'AGENT_JOBS_OTLP_ENDPOINT'

/**
 * Traces the runs of an adapter where the operator sets `AGENT_JOBS_OTLP_ENDPOINT`. Otherwise nothing of OpenTelemetry is loaded.
 * Spans that cannot be sent are reported as warnings and never fail a run.
 */
export function processTracer({
  env,
  clock,
  onWarning,
}: Pick<AdapterDependencies, 'env' | 'clock' | 'onWarning'>): RunTracer {
  const endpoint = env[endpointVariable]?.trim()
  if (!endpoint) return disabledTracer
  try {
    const sink = otlpSink({ endpoint, resource: { 'service.name': 'agent-jobs' } })
    return createRunTracer({
      sink,
      now: () => clock.wallTime(),
      onError: (error) =>
        onWarning(`Spans of runs were lost, since ${endpointVariable} did not take them: ${errorMessage(error)}`, {
          code: 'spans_lost',
        }),
    })
  } catch (error) {
    onWarning(`${endpointVariable} is invalid, so no run is traced: ${errorMessage(error)}`, {
      code: 'otlp_endpoint_invalid',
    })
    return disabledTracer
  }
}
