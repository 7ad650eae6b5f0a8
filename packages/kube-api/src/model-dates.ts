import * as clientNode from '@kubernetes/client-node'

interface Attribute {
  readonly baseName: string
  readonly type: string
}

/** A model class of client-node: it says which of its fields are dates. */
export interface ModelClass<T> {
  new (): T
  getAttributeTypeMap(): readonly Attribute[]
}

type Step =
  | { readonly key: string; readonly kind: 'date' | 'micro' }
  | { readonly key: string; readonly kind: 'nested'; readonly list: boolean; readonly plan: Plan }
type Plan = Step[]

function isModelClass(value: unknown): value is ModelClass<unknown> {
  return typeof value === 'function' && 'getAttributeTypeMap' in value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const models: Record<string, unknown> = { ...clientNode }

function compile(model: ModelClass<unknown>, known: Map<unknown, Plan>): Plan {
  const existing = known.get(model)
  if (existing) return existing
  const plan: Plan = []
  // Set before the fields are looked at: a model may contain itself (JSONSchemaProps does).
  known.set(model, plan)
  for (const { baseName: key, type } of model.getAttributeTypeMap()) {
    const item = /^Array<(.+)>$/.exec(type)?.[1] ?? type
    const nested = models[item]
    if (item === 'Date') plan.push({ key, kind: 'date' })
    else if (item === 'V1MicroTime') plan.push({ key, kind: 'micro' })
    else if (isModelClass(nested)) {
      plan.push({ key, kind: 'nested', list: item !== type, plan: compile(nested, known) })
    }
  }
  return plan
}

/** Drops the branches that hold no date at all, so that reviving visits only what it changes. */
function holdsDate(plan: Plan, seen = new Set<Plan>()): boolean {
  if (seen.has(plan)) return false
  seen.add(plan)
  return plan.some((step) => step.kind !== 'nested' || holdsDate(step.plan, seen))
}

function prune(plan: Plan, seen = new Set<Plan>()): Plan {
  if (seen.has(plan)) return plan
  seen.add(plan)
  const kept = plan.filter((step) => step.kind !== 'nested' || holdsDate(step.plan))
  plan.splice(0, plan.length, ...kept)
  for (const step of plan) if (step.kind === 'nested') prune(step.plan, seen)
  return plan
}

function apply(value: unknown, plan: Plan): void {
  if (!isRecord(value)) return
  for (const step of plan) {
    const field = value[step.key]
    if (field === undefined || field === null) continue
    if (step.kind === 'nested') {
      if (!step.list) apply(field, step.plan)
      else if (Array.isArray(field)) for (const item of field) apply(item, step.plan)
    } else if (typeof field === 'string') {
      const date = step.kind === 'micro' ? new clientNode.V1MicroTime(field) : new Date(field)
      // A text that is no date stays what it was, rather than become an Invalid Date that throws when it is written.
      if (!Number.isNaN(date.getTime())) value[step.key] = date
    }
  }
}

const plans = new WeakMap<ModelClass<unknown>, Plan>()

/**
 * Turns the strings that client-node types as `Date` into Dates, in place, and touches nothing else. client-node's own
 * deserialiser drops the fields it does not know, and what is read here may be written back.
 */
export function reviveDates(model: ModelClass<unknown>, value: unknown): void {
  let plan = plans.get(model)
  if (!plan) {
    plan = prune(compile(model, new Map()))
    plans.set(model, plan)
  }
  apply(value, plan)
}
