import { expect, it } from 'vitest'
import { fullImageName } from './images.ts'

it.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36'],
  ['local/agent:1', 'docker.io/local/agent:1'],
  ['ghcr.io/a/b', 'ghcr.io/a/b:latest'],
  ['localhost/a:1', 'localhost/a:1'],
  ['registry:5000/a', 'registry:5000/a:latest'],
  ['a/b@sha256:00', 'docker.io/a/b@sha256:00'],
])('knows %s as %s', (name, full) => expect(fullImageName(name)).toBe(full))
