import { z } from 'zod'
import { manifests } from './objects/manifests.ts'
import { printHelm } from './template/print-helm.ts'
import { valuesSchema } from './values.ts'
import { printValues } from './print-values.ts'

const notes = `Paperclip is installed as StatefulSet {{ .Values.name }} in namespace {{ .Release.Namespace }}.
{{- if .Values.ingress.enabled }}
Open https://{{ .Values.ingress.host }}{{ .Values.ingress.path }}; the first person to sign up and claim the instance is its admin.
{{- else }}
Open it with
  kubectl -n {{ .Release.Namespace }} port-forward service/{{ .Values.name }} {{ .Values.service.port }}
and http://localhost:{{ .Values.service.port }}; the first person to sign up and claim the instance is its admin.
{{- end }}
Agents run in namespace {{ default (printf "%s-agents" .Release.Namespace) .Values.agents.namespace }}.
{{- if .Values.storage.keep }}
The claim of the data volume stays when the release is uninstalled, and so does a namespace of the agents.
{{- end }}
`

/** The files of the Helm chart by their paths; `version` is the version of the packages it belongs to. */
export function helmChart(version: string): Record<string, string> {
  const templates = Object.entries(manifests).map(([name, objects]): [string, string] => [
    `templates/${name}.yaml`,
    objects.map(printHelm).join('---\n'),
  ])
  return {
    'Chart.yaml': `apiVersion: v2
name: paperclip-agent-jobs
description: A Paperclip server whose agents run as Kubernetes Jobs, or the rights and namespaces for a server that you have.
type: application
version: ${version}
appVersion: ${version}
home: https://github.com/agent-jobs/agent-jobs
sources: [https://github.com/agent-jobs/agent-jobs]
kubeVersion: '>=1.29.0-0'
`,
    'values.yaml': printValues(valuesSchema),
    'values.schema.json': `${JSON.stringify(z.toJSONSchema(valuesSchema, { io: 'input' }), null, 2)}\n`,
    ...Object.fromEntries(templates),
    'templates/NOTES.txt': notes,
  }
}
