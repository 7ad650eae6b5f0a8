import { stringify } from 'yaml'

// kubectl, Helm and Kustomize read YAML 1.1, where `n` and `off` are booleans: such texts must be quoted.
// Folded texts with indented lines read back differently in Kustomize: texts of several lines are written as they are.
const options = {
  version: '1.1',
  lineWidth: 120,
  blockQuote: 'literal',
  singleQuote: true,
  aliasDuplicateObjects: false,
} as const

/** Objects as one YAML text of several documents, with a comment above. */
export function writeYaml(objects: readonly object[], comment?: string | undefined): string {
  const documents = objects.map((object) => stringify(object, options).trimEnd())
  const head =
    comment === undefined
      ? []
      : [
          comment
            .split('\n')
            .map((line) => `# ${line}`.trimEnd())
            .join('\n'),
        ]
  return `${[...head, ...documents].join('\n---\n')}\n`
}
