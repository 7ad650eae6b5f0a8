import type { RunTrace } from '@agent-jobs/tracing'

const agentEndpointVariable = 'AGENT_JOBS_AGENT_OTLP_ENDPOINT'

/**
 * The variables with which an agent continues the trace of its run: none when the run is not traced. Where the operator sets
 * `AGENT_JOBS_AGENT_OTLP_ENDPOINT`, agents that can also send their own spans, to that address.
 */
export function agentTelemetry(
  agent: RunTrace['agent'],
  {
    env,
    runId,
    ownTelemetry = {},
  }: {
    /** The server's environment. */
    env: Readonly<Record<string, string | undefined>>
    runId: string
    /** Switches on the agent's own telemetry. */
    ownTelemetry?: Readonly<Record<string, string>> | undefined
  },
): Record<string, string> {
  if (agent === null) return {}
  const endpoint = env[agentEndpointVariable]?.trim()
  if (!endpoint) return { TRACEPARENT: agent.traceparent }
  return {
    TRACEPARENT: agent.traceparent,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_RESOURCE_ATTRIBUTES: `agent_jobs.run.id=${encodeURIComponent(runId)}`,
    ...ownTelemetry,
  }
}
