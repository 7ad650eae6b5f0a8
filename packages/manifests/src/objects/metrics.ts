import { all, releaseNamespace, value, when, type Template } from '../template/template.ts'
import { serverLabels } from './names.ts'

/** Tells the Prometheus Operator to scrape the server. */
export const podMonitor: Template = when(
  all(value('server.enabled'), value('metrics.enabled'), value('metrics.podMonitor')),
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: value('name'), namespace: releaseNamespace },
    spec: {
      selector: { matchLabels: serverLabels },
      podMetricsEndpoints: [{ port: 'metrics', path: '/metrics' }],
    },
  },
)
