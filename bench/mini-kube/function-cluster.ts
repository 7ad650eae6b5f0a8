// A mini-kube in a process of its own, whose pods are functions that run until they are stopped. The parent asks for
// what it has cost so far.
import { startMiniKube } from '@agent-jobs/mini-kube'

const kube = await startMiniKube({
  images: {
    fn: {
      run: async ({ stdout, signal }) => {
        stdout('up\n')
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
        return 0
      },
    },
  },
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  process.send?.({ cpuMs: (user + system) / 1_000, rss, heapUsed })
})
process.on('disconnect', () => kube.close())
process.send?.({ kubeConfig: kube.kubeConfig() })
