import { stringify } from 'yaml'
import { renderManifests, type RenderOptions } from './render-manifests.ts'
import { writeYaml } from './write-yaml.ts'

/** The files of a Kustomize base by their names: a `kustomization.yaml` and one file for each object. */
export function kustomization(options: RenderOptions = {}): Record<string, string> {
  const objects = renderManifests(options)
  const files = objects.map((object): [string, string] => [
    `${object.kind.toLowerCase()}-${object.metadata.name}.yaml`,
    writeYaml([object]),
  ])
  const index = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(([name]) => name),
  }
  return { 'kustomization.yaml': stringify(index), ...Object.fromEntries(files) }
}
