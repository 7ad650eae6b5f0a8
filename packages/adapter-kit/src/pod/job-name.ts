import { shortHash } from './labels.ts'

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '')
    .slice(0, 16)
    .replaceAll(/^-+|-+$/g, '')
}

/** Names a run's Job `{prefix}-{agent}-{run}-{hash}`: the same run always gets the same name, two runs never do. */
export function jobName(prefix: string, agentId: string, runId: string): string {
  return [prefix, slug(agentId), slug(runId), shortHash(`${agentId}:${runId}`, 6)]
    .filter((part) => part !== '')
    .join('-')
}
