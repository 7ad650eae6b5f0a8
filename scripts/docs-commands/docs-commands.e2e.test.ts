import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMainJobPlace, type MainJobPlace } from '../../bench/main-job/main-job-place.ts'
import { documentsFor } from './documents.ts'
import { installCommands, runCommands, type Shell } from './run-commands.ts'

const image = process.env['AGENT_JOBS_E2E_WORK_IMAGE'] ?? 'local/agent:2'

describe.skipIf(!process.env['KUBECONFIG'])(
  'documented commands on a real cluster (skipped: KUBECONFIG is not set)',
  () => {
    let place: MainJobPlace
    let folder: string
    /** One name for each document; all that it creates has this name in front. */
    const runs: string[] = []
    beforeAll(async () => {
      place = await openMainJobPlace('docs-e2e')
      folder = await mkdtemp(join(tmpdir(), 'docs-e2e-'))
      await installCommands(folder)
    })
    afterAll(async () => {
      // What is deleted here goes in the background; nothing waits for it.
      const remove = (kinds: string, names: string[]) =>
        promisify(execFile)('kubectl', ['delete', kinds, ...names, '--ignore-not-found', '--wait=false'])
      await remove(
        'namespace',
        runs.flatMap((run) => [`${run}-agents`, `${run}-paperclip`, `${run}-paperclip-agents`]),
      )
      await remove(
        'clusterrole,clusterrolebinding',
        runs.map((run) => `${run}-paperclip-paperclip-share-volume`),
      )
      await remove(
        'persistentvolume',
        runs.map((run) => `${run}-paperclip-agents-paperclip-data`),
      )
      await place[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    })

    /** Gives each document namespaces of its own, an image that the nodes have, and a model that answers by a script. */
    function shell(signal: AbortSignal): Shell {
      const run = `docs-${randomUUID().slice(0, 6)}`
      runs.push(run)
      return {
        binaries: folder,
        env: { ...process.env, ...place.env('text'), AGENT_JOBS_IMAGE: image },
        replacements: [
          [/(namespace[ /]|-n |serviceaccount:)(agents|paperclip)\b/g, `$1${run}-$2`],
          [/(?=paperclip-paperclip-share-volume)/g, `${run}-`],
          [/registry\.example\/(?:agent|paperclip):1/g, image],
          [/(--env|-e) ANTHROPIC_API_KEY/g, '$& --env ANTHROPIC_BASE_URL'],
        ],
        signal,
      }
    }

    it.each(documentsFor('cluster'))('can be executed as %s shows them', async (_file, blocks) => {
      const reader = shell(AbortSignal.timeout(170_000))
      for (const { commands } of blocks) await expect(runCommands(commands, reader)).resolves.toBeDefined()
    })
  },
)
