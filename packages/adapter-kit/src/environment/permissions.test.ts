import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { dedicatedClaimPermissions, permissions } from './permissions.ts'

const packages = fileURLToPath(new URL('../../..', import.meta.url))
// Called only by `agent-jobs`, with the rights of its user.
const forPeople = new Set(['reap.ts', 'volume-claim-store.ts', 'list-runs.ts'])
const plurals: Readonly<Record<string, string>> = {
  Job: 'jobs',
  Pod: 'pods',
  Secret: 'secrets',
  Event: 'events',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  ConfigMap: 'configmaps',
  Namespace: 'namespaces',
  ResourceQuota: 'resourcequotas',
  // Everybody may ask what he himself is allowed.
  SelfSubjectAccessReview: '',
}

/** Every call that a run or the adapter makes, as `verb resource`, read off the sources. */
function callsMade(): Set<string> {
  const calls = new Set<string>()
  for (const name of [
    'k8s-job-runner',
    'adapter-kit',
    'adapter-claude-k8s',
    'adapter-codex-k8s',
    'adapter-opencode-k8s',
  ]) {
    const root = join(packages, name, 'src')
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!/(?<!\.test)\.ts$/.test(entry.name) || entry.parentPath.includes('testing')) continue
      if (forPeople.has(entry.name)) continue
      const code = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      if (/\bopenLog\b/.test(code)) calls.add('get pods/log')
      if (code.includes('visibility.kueue.x-k8s.io/')) calls.add('get localqueues/pendingworkloads')
      if (/listWatch\(workloads\(/.test(code)) for (const verb of ['list', 'watch']) calls.add(`${verb} workloads`)
      for (const [, verb = '', kind = ''] of code.matchAll(/\b(\w+)\(\s*(?:context, )?kinds\.(\w+)/g)) {
        const resource = plurals[kind]
        expect(resource, `${entry.name} asks for ${kind}, which this test does not know`).toBeDefined()
        const verbs = /^(?:listWatch|keepWatching)$/.test(verb) ? ['list', 'watch'] : [verb]
        if (resource) for (const each of verbs) calls.add(`${each} ${resource}`)
      }
    }
  }
  // kubeLogSource opens the log in log-stream.
  calls.add('get pods/log')
  return calls
}

describe('the permissions', () => {
  it('are those that are used, verb by verb, and no others', () => {
    const granted = [...permissions, ...dedicatedClaimPermissions].map(
      ({ verb, resource, subresource }) => `${verb} ${subresource ? `${resource}/${subresource}` : resource}`,
    )
    expect([...callsMade()].sort()).toEqual(granted.sort())
  })
})
