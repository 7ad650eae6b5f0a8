import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import type { V1Job } from '@kubernetes/client-node'
import type { MainJobPlace } from './main-job-place.ts'

/**
 * The bare floor: the same image and command line as a plain Job, from its creation until the watch says that its
 * container has terminated. Nothing is read, framed or judged. Gives milliseconds.
 */
export async function bareFloor(place: MainJobPlace, prompt: string): Promise<number> {
  const { kubeConfig, namespace, image } = place
  const name = `bare-${Date.now().toString(36)}`
  const command =
    'printf %s "$PROMPT" | exec claude --print --output-format stream-json --verbose --dangerously-skip-permissions'
  const env = {
    ...place.env('text'),
    PROMPT: prompt,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }
  const job: V1Job = {
    metadata: { name, namespace },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          securityContext: { runAsUser: 1000, runAsGroup: 1000 },
          containers: [
            {
              name: 'main',
              image,
              imagePullPolicy: 'IfNotPresent',
              command: ['sh', '-c', command],
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
            },
          ],
        },
      },
    },
  }
  const watching = new AbortController()
  const labelSelector = `job-name=${name}`
  // A new client, since `agent-jobs run` also opens a new connection.
  const client = createKubeClient({ kubeConfig })
  const began = performance.now()
  try {
    await client.create(kinds.Job, job)
    for await (const event of client.listWatch(kinds.Pod, { namespace, labelSelector, signal: watching.signal })) {
      if (event.type === 'synced') continue
      const ended = event.object.status?.containerStatuses?.[0]?.state?.terminated
      if (!ended) continue
      if (ended.exitCode !== 0) throw new Error(`The bare Job ${name} ended with exit code ${ended.exitCode}`)
      return performance.now() - began
    }
    throw new Error(`The watch of Job ${name} ended before its pod did`)
  } finally {
    watching.abort()
    await client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Background' })
    await client.close()
  }
}
