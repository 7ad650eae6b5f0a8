import { barredInCluster, open } from '../policy/operator-rule.ts'
import { kubeconfigTexts } from './setting-texts.ts'
import { choice, longText, setting, text, toggle } from './setting-types.ts'

const cluster = 'Kubernetes'
const imagePullPolicies = ['IfNotPresent', 'Always', 'Never'] as const

/** Where agents run. */
export const clusterSettings = {
  namespace: setting(text(), {
    title: 'Namespace',
    description: 'Namespace of the agent Jobs. Default: the namespace of the Paperclip server.',
    field: 'text',
    operator: { allow: ['*'], fixedByDefault: true },
    group: cluster,
  }),
  image: setting(text(), {
    title: 'Image',
    description:
      'Image of the agent container; it must contain /bin/sh, Node ≥ 18 and the agent. Default: the image of the Paperclip server.',
    field: 'text',
    operator: open,
    group: cluster,
  }),
  imagePullPolicy: setting(choice(imagePullPolicies, 'IfNotPresent'), {
    title: 'Image pull policy',
    description: 'When the kubelet pulls the image.',
    field: 'select',
    options: imagePullPolicies.map((value) => ({ label: value, value })),
    operator: open,
    group: cluster,
  }),
  serviceAccountName: setting(text(), {
    title: 'Service account',
    description:
      "Service account of the agent pods; its token is never mounted. Default: the namespace's default account.",
    field: 'text',
    operator: barredInCluster('An account brings its identity of the cloud and its pull secrets.'),
    group: cluster,
  }),
  kubeconfig: setting(longText(), {
    title: 'Kubeconfig',
    description:
      "Content of a kubeconfig for another cluster, with addresses, certificates, keys and tokens. Paths, proxies and plugins need the operator's `kubeconfigTrust`. Default: the cluster that Paperclip runs in.",
    field: 'textarea',
    secret: true,
    operator: { allow: ['*'], textsOf: kubeconfigTexts },
    group: cluster,
  }),
  paperclipApiUrl: setting(text(), {
    title: 'Paperclip URL for pods',
    description:
      "URL by which agent pods reach Paperclip's API. Default: PAPERCLIP_API_URL of the server, or the address of its pod.",
    field: 'text',
    operator: open,
    group: cluster,
  }),
  paperclipProxy: setting(toggle(true), {
    title: "Paperclip's API on the pod's loopback",
    description:
      "The agent reaches Paperclip's API through the launcher, with a password that is valid for this run only; the real token stays out of its hands and is renewed when Paperclip restarts. Needs the data volume; without it the agent gets the token itself.",
    field: 'toggle',
    operator: open,
    group: cluster,
  }),
  environmentProbe: setting(toggle(false), {
    title: 'Probe pod in the environment test',
    description:
      'Lets the environment test start a pod that checks whether the image has Node, the agent and a shell, and whether volume and Paperclip can be reached.',
    field: 'toggle',
    operator: open,
    group: cluster,
  }),
} as const
