import type { KubeObject, Pod } from '../types.ts'

interface ScopeExpression {
  scopeName: string
  operator: string
  values?: string[]
}

const tests: Readonly<Record<string, (pod: Pod) => boolean>> = {
  BestEffort: ({ status }) => status.qosClass === 'BestEffort',
  NotBestEffort: ({ status }) => status.qosClass !== 'BestEffort',
  Terminating: ({ spec }) => spec.activeDeadlineSeconds !== undefined,
  NotTerminating: ({ spec }) => spec.activeDeadlineSeconds === undefined,
}

function fits(pod: Pod, { scopeName, operator, values = [] }: ScopeExpression): boolean {
  const test = tests[scopeName]
  if (test !== undefined) return test(pod)
  // Of the others only priority classes are known here; no pod has affinity across namespaces.
  const name = scopeName === 'PriorityClass' ? String(pod.spec['priorityClassName'] ?? '') : ''
  if (operator === 'In') return values.includes(name)
  if (operator === 'NotIn') return !values.includes(name)
  return (name !== '') === (operator === 'Exists')
}

/** Whether a quota applies to an object; one with scopes applies to some pods only. */
export function inScope(quota: KubeObject, kind: string, object: KubeObject): boolean {
  const scopes = (quota.spec?.['scopes'] ?? []) as string[]
  const selector = quota.spec?.['scopeSelector'] as { matchExpressions?: ScopeExpression[] } | undefined
  const expressions = [
    ...scopes.map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(selector?.matchExpressions ?? []),
  ]
  if (expressions.length === 0) return true
  return kind === 'pods' && expressions.every((one) => fits(object as Pod, one))
}
