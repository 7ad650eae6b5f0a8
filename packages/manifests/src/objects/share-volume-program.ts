/**
 * The program of the Job that gives a second namespace the storage of a bound claim: it copies where the storage is into a
 * second volume, which it reserves for a claim in that namespace. Plain JavaScript for `node -e`, so that it runs in any
 * image with Node.js and needs nothing else. Running it again changes nothing.
 */
export const shareVolumeProgram = `'use strict'
const { readFileSync } = require('node:fs')
const { isDeepStrictEqual } = require('node:util')
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, TOKEN_FILE: tokenFile } = process.env
const { FROM_NAMESPACE, FROM_CLAIM, TO_NAMESPACE, TO_CLAIM, TO_VOLUME } = process.env
const server = 'https://' + (host.includes(':') ? '[' + host + ']' : host) + ':' + port
const volumes = '/api/v1/persistentvolumes'
const claims = (namespace) => '/api/v1/namespaces/' + namespace + '/persistentvolumeclaims'
const patienceSeconds = 300

function call(method, path, body) {
  return fetch(server + path, {
    method,
    headers: { authorization: 'Bearer ' + readFileSync(tokenFile, 'utf8').trim(), 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout((patienceSeconds + 30) * 1000),
  })
}

/** The object; null where there is none. */
async function object(method, path, body) {
  const answer = await call(method, path, body)
  const content = await answer.json()
  if (answer.status === 404 && method === 'GET') return null
  if (!answer.ok) throw new Error(method + ' ' + path + ' was answered ' + answer.status + ': ' + content.message)
  return content
}

/** Watches the claim until it has a volume: with some storage classes only a pod that uses it makes one. */
async function boundVolume() {
  const query = '?watch=1&timeoutSeconds=' + patienceSeconds + '&fieldSelector=metadata.name%3D' + FROM_CLAIM
  const answer = await call('GET', claims(FROM_NAMESPACE) + query)
  if (!answer.ok) throw new Error('claims of ' + FROM_NAMESPACE + ' cannot be watched: ' + (await answer.text()))
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of answer.body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\\n')
    rest = lines.pop()
    for (const line of lines.filter((each) => each !== '')) {
      const { spec, status } = JSON.parse(line).object
      if (status && status.phase === 'Bound') return spec.volumeName
    }
  }
  throw new Error(FROM_NAMESPACE + '/' + FROM_CLAIM + ' was not bound within ' + patienceSeconds + ' s')
}

/** What of a volume says where its storage is, such as csi or nfs, and how it is mounted. */
function storageOf({ spec }) {
  const { claimRef, persistentVolumeReclaimPolicy, storageClassName, volumeAttributesClassName, ...storage } = spec
  return storage
}

function secondVolume(original) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: TO_VOLUME, labels: { 'app.kubernetes.io/managed-by': 'agent-jobs-share-volume' } },
    spec: {
      ...storageOf(original),
      // The storage belongs to the first claim: deleting the second one must not delete it.
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: TO_NAMESPACE, name: TO_CLAIM },
    },
  }
}

async function ensureVolume(wanted) {
  const found = await object('GET', volumes + '/' + TO_VOLUME)
  if (found !== null) {
    const { namespace, name } = found.spec.claimRef || {}
    if (namespace !== TO_NAMESPACE || name !== TO_CLAIM) throw new Error(TO_VOLUME + ' belongs to another claim')
    const same = isDeepStrictEqual(sourceOf(found), sourceOf(wanted))
    if (same && found.status.phase !== 'Released' && found.status.phase !== 'Failed') return
    if (!same && found.status.phase === 'Bound') {
      throw new Error(TO_VOLUME + ' is on other storage than ' + FROM_CLAIM + '. Stop the agents and delete ' + TO_CLAIM)
    }
    // Its claim was deleted. A released volume is never bound again.
    await object('DELETE', volumes + '/' + TO_VOLUME)
  }
  await object('POST', volumes, wanted)
}

/** The storage without what changes when it grows. */
function sourceOf(volume) {
  const { capacity, accessModes, mountOptions, volumeMode, nodeAffinity, ...source } = storageOf(volume)
  return source
}

async function ensureClaim(accessModes) {
  const path = claims(TO_NAMESPACE)
  if ((await object('GET', path + '/' + TO_CLAIM)) !== null) return
  await object('POST', path, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: TO_CLAIM },
    // Whatever is asked for, the claim gets all of the volume.
    spec: { accessModes, storageClassName: '', volumeName: TO_VOLUME, resources: { requests: { storage: '1Mi' } } },
  })
}

async function main() {
  const original = await object('GET', volumes + '/' + (await boundVolume()))
  await ensureVolume(secondVolume(original))
  await ensureClaim(original.spec.accessModes)
  console.log(TO_NAMESPACE + '/' + TO_CLAIM + ' shares the storage of ' + FROM_NAMESPACE + '/' + FROM_CLAIM)
}

main().catch((error) => {
  console.error(error.message, error.cause ? String(error.cause) : '')
  process.exitCode = 1
})
`
