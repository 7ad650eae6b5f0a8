/** What is known about the server when an agent's settings are read. */
export interface ServerFacts {
  /** The server runs as a pod of a cluster, where others own namespaces, accounts and claims, too. */
  inCluster: boolean
}

/** What agents may do with one setting when the operator's policy does not mention it. */
export interface OperatorRule {
  /** Patterns of values; `*` matches anything, `!` excludes. An unset or default value is always allowed. */
  allow: readonly string[] | ((facts: ServerFacts) => readonly string[])
  /** The texts of a value that patterns are compared with. Default: the text, the items of a list, the keys of an object. */
  textsOf?: (value: unknown) => readonly string[]
  /** The greatest value of a number or quantity. */
  maximum?: number | string
  /** 0 means no limit, so it exceeds every maximum. */
  zeroMeansUnlimited?: boolean
  /** A default of the policy is the only allowed value, unless the policy allows others. */
  fixedByDefault?: boolean
  /** Why the setting is restricted, for the documentation. */
  why?: string
}

/** Allowed unless the operator restricts it. */
export const open: OperatorRule = { allow: ['*'] }

/** Barred unless the operator allows it. */
export const barred = (why: string, more: Omit<OperatorRule, 'allow' | 'why'> = {}): OperatorRule => ({
  allow: [],
  why,
  ...more,
})

/** Barred where the server runs in a cluster, unless the operator allows it. */
export const barredInCluster = (why: string): OperatorRule => ({
  allow: ({ inCluster }) => (inCluster ? [] : ['*']),
  why: `${why} Allowed while the server runs outside of the cluster.`,
})

/** The texts of a value that patterns are compared with. */
export function textsOf(rule: OperatorRule, value: unknown): readonly string[] {
  if (rule.textsOf) return rule.textsOf(value)
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item)))
  return typeof value === 'object' ? Object.keys(value) : [String(value)]
}
