import { dirname } from 'node:path'
import { parseKubeConfig } from '@agent-jobs/kube-api'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { expect, it } from 'vitest'
import { startUi } from './start-ui.ts'

it('sends the events of a run to a page that opens late, and serves the page', async () => {
  const path = [dirname(process.execPath), '/usr/bin', '/bin']
  await using cluster = await startMiniKube({ honourUser: false, images: { '*': { path } } })
  const kubeConfig = parseKubeConfig(cluster.kubeConfig())
  const command = { argv: ['echo', '<b>hello</b>'] }
  await using ui = await startUi(kubeConfig, 'default', { key: 'ui', runId: 'run-1', image: 'any', command })

  const events = await (await fetch(`${ui.url}events`)).text()
  expect(events).toContain('event: line\ndata: "<b>hello</b>"\n\n')
  expect(events).toMatch(/event: outcome\ndata: "The command succeeded.*"\n\n$/)
  expect(await (await fetch(ui.url)).text()).toContain("new EventSource('events')")
})
