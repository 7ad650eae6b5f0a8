import { stringify } from 'yaml'
import { renderManifests, type Manifest, type RenderOptions } from './render-manifests.ts'
import { writeYaml } from './write-yaml.ts'

/** The files of a Kustomize base by their names: a `kustomization.yaml` and one file for each object. */
export function kustomization(options: RenderOptions = {}): Record<string, string> {
  const objects = renderManifests(options)
  const files = objects.map((object): [string, string] => [fileName(object), writeYaml([object])])
  const index = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(([name]) => name),
  }
  return { 'kustomization.yaml': stringify(index), ...Object.fromEntries(files) }
}

/** Objects of two namespaces may have the same kind and name. */
function fileName({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${[kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('-')}.yaml`
}
