import { each, fallback, item, releaseNamespace, text, value, when, type Template } from '../template/template.ts'
import { agentClaim, agentNamespace, dataClaim, sharesVolume } from './names.ts'
import { binding, role } from './rights.ts'
import { shareVolumeProgram } from './share-volume-program.ts'

const name = text`${value('name')}-share-volume`
const volume = text`${agentNamespace}-${agentClaim}`
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Helm runs it after installing and upgrading, and removes it and its rights again. */
const hook = (weight: string): Template => ({
  'helm.sh/hook': 'post-install,post-upgrade',
  'helm.sh/hook-weight': weight,
  'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
})
const inRelease = { name, namespace: releaseNamespace, annotations: hook('-1') }
const inAgents = { name, namespace: agentNamespace, annotations: hook('-1') }
// Volumes belong to no namespace: two releases may have the same name.
const everywhere = { name: text`${releaseNamespace}-${value('name')}-share-volume`, annotations: hook('-1') }

const claims = (verbs: Template, more: Readonly<Record<string, Template>> = {}): Template => ({
  apiGroups: [''],
  resources: ['persistentvolumeclaims'],
  verbs,
  ...more,
})
const volumes = (verbs: Template, more: Readonly<Record<string, Template>> = {}): Template => ({
  apiGroups: [''],
  resources: ['persistentvolumes'],
  verbs,
  ...more,
})

const environment: Template = [
  { name: 'NODE_EXTRA_CA_CERTS', value: `${folder}/ca.crt` },
  { name: 'TOKEN_FILE', value: `${folder}/token` },
  { name: 'FROM_NAMESPACE', value: releaseNamespace },
  { name: 'FROM_CLAIM', value: dataClaim },
  { name: 'TO_NAMESPACE', value: agentNamespace },
  { name: 'TO_CLAIM', value: agentClaim },
  { name: 'TO_VOLUME', value: volume },
  each(value('shareVolume.env'), item()),
]

const passOn = (path: string): Template => when(value(path), value(path))

const job: Template = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: releaseNamespace, annotations: hook('0') },
  spec: {
    backoffLimit: 5,
    activeDeadlineSeconds: 900,
    ttlSecondsAfterFinished: 600,
    template: {
      spec: {
        serviceAccountName: name,
        restartPolicy: 'Never',
        imagePullSecrets: passOn('server.imagePullSecrets'),
        securityContext: passOn('server.podSecurityContext'),
        nodeSelector: passOn('server.nodeSelector'),
        tolerations: passOn('server.tolerations'),
        containers: [
          {
            name: 'share-volume',
            image: fallback(value('shareVolume.image'), value('server.image')),
            imagePullPolicy: value('server.imagePullPolicy'),
            command: ['node', '-e', shareVolumeProgram],
            env: environment,
            resources: value('shareVolume.resources'),
            securityContext: passOn('server.securityContext'),
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
        ],
      },
    },
  },
}

/**
 * Makes the claim of the agents' own namespace. Only this Job may create volumes, under an account of its own; the server and
 * its agents cannot.
 */
export const shareVolume: readonly Template[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inRelease },
  role(everywhere, [volumes(['get', 'create']), volumes(['delete'], { resourceNames: [volume] })]),
  binding(everywhere, name),
  role(inRelease, [claims(['watch'], { resourceNames: [dataClaim] })]),
  binding(inRelease, name),
  role(inAgents, [claims(['get'], { resourceNames: [agentClaim] }), claims(['create'])]),
  binding(inAgents, name),
  job,
].map((object) => when(sharesVolume, object))
