/** Why the API server refused a well-formed request, recognised by the text of its own admission code. */
export type RefusalCause =
  /** Requests are `system:anonymous`: no credentials arrived. */
  | 'anonymous'
  /** No Role allows it. */
  | 'rbac'
  /** The quota is used up; there may be room when others end. */
  | 'quota_exceeded'
  /** The quota requires requests or limits that the pod does not set. */
  | 'quota_unspecified'
  /** A LimitRange limits what a container may request. */
  | 'limit_range'
  | 'pod_security'
  | 'admission_policy'
  | 'admission_webhook'
  /** A required webhook gave no response. */
  | 'webhook_unreachable'
  | 'webhook_slow'
  | 'namespace_missing'
  | 'namespace_terminating'
  /** The pod's service account, priority class or runtime class is missing. */
  | 'missing_reference'
  /** Some other admission plugin. */
  | 'admission'

/** A classified refusal. */
export interface Refusal {
  readonly cause: RefusalCause
  /** The quota, policy, webhook or namespace, if the server names it. */
  readonly by: string | undefined
  /** The server's own reason, without the name of the object. */
  readonly detail: string
  /** True when the same request may succeed later without changes. */
  readonly passing: boolean
  /** What to do, as a sentence. */
  readonly remedy: string
}

/** Input of the classification: a Status object, or only the message, as in an Event. */
export interface RefusalEvidence {
  readonly message: string
  readonly status?: number | undefined
  readonly causes?: readonly { readonly reason?: string | undefined }[] | undefined
}

interface Rule {
  readonly cause: RefusalCause
  readonly passing?: boolean
  /** How the detail begins; the first group is the refusing component. */
  readonly form: RegExp
  readonly remedy: (by: string) => string
}

/*
 * A 403 has one reason, `Forbidden`, for all components. Each form is the beginning of a format string of the API server
 * (docs/kubernetes-facts.md#refusals), anchored, so that text from others further on does not matter.
 */
const forbidden: readonly Rule[] = [
  {
    cause: 'anonymous',
    form: /^User "(system:anonymous)" cannot /,
    remedy: () =>
      'No credentials reached the server: check the user of the current context in the kubeconfig, and proxies on the way.',
  },
  {
    cause: 'rbac',
    form: /^User "([^"]*)" cannot /,
    remedy: (user) =>
      `Grant this verb to ${user || 'the user'} with a Role and a RoleBinding; \`kubectl auth can-i\` shows what it may do.`,
  },
  {
    cause: 'quota_exceeded',
    passing: true,
    form: /^exceeded quota: ([^,]+),/,
    remedy: (quota) => `Wait until others end, ask for less, or raise the ResourceQuota ${quota}.`,
  },
  {
    cause: 'quota_unspecified',
    form: /^failed quota: ([^:]+): must specify/,
    remedy: (quota) => `Set the requests and limits that the ResourceQuota ${quota} demands.`,
  },
  {
    cause: 'limit_range',
    form: /^\[?(?:minimum|maximum) \S+ (?:usage|request|limit) per |^\[?\S+ max limit to request ratio per /,
    remedy: () => "Ask for requests and limits within the namespace's LimitRange.",
  },
  {
    cause: 'pod_security',
    form: /^violates PodSecurity "([^"]*)"/,
    remedy: (level) => `Change the pod's security context to what the Pod Security level ${level} allows.`,
  },
  {
    cause: 'admission_policy',
    form: /^ValidatingAdmissionPolicy '([^']*)' /,
    remedy: (policy) => `Change what the ValidatingAdmissionPolicy ${policy} objects to, or ask its owner.`,
  },
  {
    cause: 'namespace_terminating',
    form: /^unable to create new content in namespace (\S+) because it is being terminated/,
    remedy: (namespace) => `Wait until the namespace ${namespace} is gone and create it again, or use another one.`,
  },
  {
    cause: 'missing_reference',
    form: /^error looking up service account (\S+): |^no PriorityClass with name (\S+) was found|^pod rejected: RuntimeClass "([^"]*)" not found/,
    remedy: (name) => `Create ${name}, or name another one.`,
  },
  {
    cause: 'admission',
    form: /^/,
    remedy: () => 'An admission plugin of the cluster objects: change what its reason names.',
  },
]

const webhooks: readonly Rule[] = [
  {
    cause: 'admission_webhook',
    form: /^admission webhook "([^"]*)" denied the request/,
    remedy: (name) => `Change what the admission webhook ${name} objects to, or ask its owner.`,
  },
  {
    cause: 'webhook_slow',
    passing: true,
    form: /^failed calling webhook "([^"]*)": .*(?:context deadline exceeded|Client\.Timeout|request canceled)/s,
    remedy: (name) => `The admission webhook ${name} is too slow: look at its pods, or raise its timeoutSeconds.`,
  },
  {
    cause: 'webhook_unreachable',
    passing: true,
    form: /^failed calling webhook "([^"]*)": /,
    remedy: (name) =>
      `The admission webhook ${name} does not answer: start its service, or remove its configuration if it was uninstalled.`,
  },
]

const missingNamespace: Rule = {
  cause: 'namespace_missing',
  form: /^namespaces "([^"]*)" not found/,
  remedy: (namespace) => `Create the namespace with \`kubectl create namespace ${namespace}\`, or use another one.`,
}

function apply(rules: readonly Rule[], detail: string): Refusal | undefined {
  for (const { cause, passing = false, form, remedy } of rules) {
    const match = form.exec(detail)
    if (match === null) continue
    const by = match.slice(1).find((group) => group !== undefined)
    return { cause, by, detail, passing, remedy: remedy(by ?? '') }
  }
  return undefined
}

// `pods "p" is forbidden: …`, `jobs.batch is forbidden: …`, and what a controller writes before it in an Event.
const forbiddenForm = /^\S+(?: "[^"]*")? is forbidden: (?<detail>[\s\S]*)$/
const wrappers = /^(?:Error creating: |error when creating \S+: |Internal error occurred: )+/

/**
 * Classifies why the API server refused a well-formed request: from a Status object, or the message alone, as controllers
 * repeat it in `FailedCreate` events. Undefined for anything that is not a refusal.
 *
 * @example
 * const refusal = classifyRefusal({ message: event.message ?? '' })
 * if (refusal?.cause === 'quota_exceeded') console.log(refusal.by, refusal.remedy)
 */
export function classifyRefusal({ message, status, causes }: RefusalEvidence): Refusal | undefined {
  const text = message.replace(wrappers, '')
  const terminating = causes?.some((cause) => cause.reason === 'NamespaceTerminating') === true
  const webhook = apply(webhooks, text)
  if (webhook) return webhook
  if (status === 404 || status === undefined) {
    const missing = apply([missingNamespace], text)
    if (missing) return missing
  }
  const detail = forbiddenForm.exec(text)?.groups?.['detail']
  if (detail === undefined) return undefined
  const found = apply(forbidden, detail)
  return found && terminating ? { ...found, cause: 'namespace_terminating' } : found
}
