import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createProcessMetrics, resourceOf } from './process-metrics.ts'

describe('the resource of a request', () => {
  it.each([
    ['/api/v1/namespaces/agents/pods?watch=true', 'pods'],
    ['/api/v1/namespaces/agents/pods/p-1', 'pods'],
    ['/api/v1/namespaces/agents/pods/p-1/log?follow=true', 'pods/log'],
    ['/apis/batch/v1/namespaces/agents/jobs/j', 'jobs'],
    ['/apis/batch/v1/jobs', 'jobs'],
    ['/api/v1/namespaces', 'namespaces'],
    ['/api/v1/namespaces/agents', 'namespaces'],
    ['/api/v1/nodes/n1/proxy', 'nodes/proxy'],
    ['/version', 'other'],
    ['/api/v1/namespaces/agents/pods/p-1/proxy/secret/path', 'other'],
    ['', 'other'],
  ])('of %s is %s', (path, resource) => {
    expect(resourceOf(path)).toBe(resource)
  })
})

describe('the metrics of a process', () => {
  it('count requests and broken watches, and show the spool at the time of the scrape', async () => {
    const registry = new Registry()
    let bytes = 0
    const observer = createProcessMetrics({ registry, spoolBytes: () => bytes })
    observer.requested({ method: 'GET', path: '/apis/batch/v1/namespaces/a/jobs', status: 200 })
    observer.requested({ method: 'GET', path: '/apis/batch/v1/namespaces/b/jobs', status: 200 })
    observer.requested({ method: 'POST', path: '/apis/batch/v1/namespaces/b/jobs', status: 0 })
    observer.watchRestarted('pods in agents')
    bytes = 4_096
    const text = await registry.metrics()
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'agent_jobs_api_requests_total{method="GET",resource="jobs",status="200"} 2',
      'agent_jobs_api_requests_total{method="POST",resource="jobs",status="none"} 1',
      'agent_jobs_watch_restarts_total{resource="pods"} 1',
      'agent_jobs_spool_bytes 4096',
    ])
  })

  it('have at most 50 resources', async () => {
    const registry = new Registry()
    const observer = createProcessMetrics({ registry, spoolBytes: () => 0 })
    for (let index = 0; index < 200; index += 1) {
      const name = `a${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + Math.floor(index / 26))}`
      observer.requested({ method: 'GET', path: `/api/v1/${name}`, status: 200 })
    }
    const { values = [] } = (await registry.getSingleMetric('agent_jobs_api_requests_total')?.get()) ?? {}
    expect(values).toHaveLength(51)
    expect(values.at(-1)).toMatchObject({ labels: { resource: 'other' }, value: 150 })
  })
})
