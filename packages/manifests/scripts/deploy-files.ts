import { readFile } from 'node:fs/promises'
import { helmChart, kustomization, renderManifests, writeYaml, type ValuesInput } from '../src/index.ts'

/** The two things that can be installed, by the name of their files. */
const forms: Readonly<Record<string, { comment: string; values: ValuesInput }>> = {
  server: {
    comment: `A Paperclip server whose agents run as Jobs in a namespace of their own. Set the image, then create namespace and keys:
  kubectl create namespace paperclip
  kubectl -n paperclip create secret generic paperclip-keys \\
    --from-literal=BETTER_AUTH_SECRET="$(openssl rand -hex 32)" \\
    --from-literal=PAPERCLIP_AGENT_JWT_SECRET="$(openssl rand -hex 32)"
The Job paperclip-share-volume gives agents the data volume in their namespace. When it has succeeded, its rights can go:
  kubectl delete clusterrole,clusterrolebinding paperclip-paperclip-share-volume`,
    values: {},
  },
  rights: {
    comment: `The namespace of the agents and the rights for a Paperclip server that you have. Tell the server of the namespace:
  kubectl -n paperclip set env statefulset/paperclip AGENT_JOBS_POLICY='{"defaults":{"namespace":"paperclip-agents"}}'
docs/operations.md says how agents get the server's data volume there.`,
    values: { server: { enabled: false } },
  },
}

/** Every generated file by its path from the root of the repository. */
export async function deployFiles(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const files: Record<string, string> = {}
  for (const [path, text] of Object.entries(helmChart(version))) files[`charts/paperclip-agent-jobs/${path}`] = text
  for (const [name, { comment, values }] of Object.entries(forms)) {
    files[`deploy/${name}.yaml`] = writeYaml(renderManifests({ values }), comment)
    for (const [path, text] of Object.entries(kustomization({ values })))
      files[`deploy/kustomize/${name}/${path}`] = text
  }
  return files
}
