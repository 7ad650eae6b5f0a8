import { groupVersion } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { ApiRequest } from './context.ts'
import { isAllowed, rulesFor } from './rbac.ts'
import { parseObject, readBody, sendJson } from './respond.ts'

interface ReviewSpec {
  namespace?: string
  resourceAttributes?: {
    namespace?: string
    verb?: string
    group?: string
    resource?: string
    subresource?: string
    name?: string
  }
  nonResourceAttributes?: { path?: string; verb?: string }
}

/** SelfSubjectAccessReview, SelfSubjectRulesReview and SelfSubjectReview. */
export async function answerReview(context: ApiRequest): Promise<void> {
  const { cluster, resource, user, response } = context
  const body = parseObject(await readBody(context.request))
  const spec = (body['spec'] ?? {}) as ReviewSpec
  const base = {
    kind: resource.kind,
    apiVersion: groupVersion(resource),
    metadata: { creationTimestamp: wholeSeconds(cluster.clock.wallTime()) },
  }
  if (resource.kind === 'SelfSubjectReview') {
    const { name, groups, uid } = user
    sendJson(response, 201, {
      ...base,
      status: { userInfo: { username: name, ...(uid === undefined ? {} : { uid }), groups } },
    })
    return
  }
  if (resource.kind === 'SelfSubjectRulesReview') {
    const rules = rulesFor(cluster, user, spec.namespace)
    const resourceRules = rules.filter((rule) => rule.resources !== undefined)
    const nonResourceRules = rules.filter((rule) => rule.nonResourceURLs !== undefined)
    sendJson(response, 201, { ...base, spec, status: { resourceRules, nonResourceRules, incomplete: false } })
    return
  }
  const { resourceAttributes: about, nonResourceAttributes: path } = spec
  const allowed = isAllowed(cluster, user, {
    verb: about?.verb ?? path?.verb ?? '',
    group: about?.group ?? '',
    resource: about?.resource ?? '',
    subresource: about?.subresource || undefined,
    namespace: about?.namespace || undefined,
    name: about?.name || undefined,
    ...(path?.path === undefined ? {} : { path: path.path }),
  })
  const reason = allowed ? { reason: user.groups.includes('system:masters') ? '' : 'RBAC: allowed' } : {}
  sendJson(response, 201, { ...base, spec, status: { allowed, ...reason } })
}
