import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { KubeClient } from '@agent-jobs/kube-api'
import { createPromptBundles } from '@agent-jobs/prompt-bundle'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createVolumeView } from '../volume/volume-view.ts'
import { keptForMs, sweepFolder, tidyVolume } from './housekeeping.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { removeJournal } from '../follow/run-journal.ts'

describe('what runs leave on the data volume', () => {
  let root: string
  const now = Date.now()
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'housekeeping-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const put = (path: string, ageMs: number) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'x')
    utimesSync(file, (now - ageMs) / 1000, (now - ageMs) / 1000)
    return file
  }

  it('goes when nothing was written to it for long; other files, folders and links stay', async () => {
    put('journal/old.aj1', keptForMs + 1000)
    put('journal/young.aj1', keptForMs - 60_000)
    put('journal/old.txt', keptForMs * 2)
    mkdirSync(join(root, 'journal', 'folder.aj1'))
    symlinkSync('/etc/passwd', join(root, 'journal', 'link.aj1'))
    const options = { suffixes: ['.aj1'], olderThanMs: keptForMs, now }
    expect(await sweepFolder({ top: root, path: 'journal' }, options)).toEqual(['old.aj1'])
    expect(readdirSync(join(root, 'journal')).sort()).toEqual(['folder.aj1', 'link.aj1', 'old.txt', 'young.aj1'])
    expect(await sweepFolder({ top: root, path: 'absent' }, options)).toEqual([])
  })

  it("stays where an agent has put a link in a folder's place: what lies behind it is not the run's", async () => {
    const theirs = put('server/old.aj1', keptForMs + 1000)
    symlinkSync('server', join(root, 'journal'))
    const options = { suffixes: ['.aj1'], olderThanMs: keptForMs, now }
    await expect(sweepFolder({ top: root, path: 'journal' }, options)).rejects.toThrow('is a link')
    await expect(removeJournal({ top: root, path: 'journal/old.aj1' })).rejects.toThrow('is a link')
    expect(existsSync(theirs)).toBe(true)
  })

  it('is removed with the run when it can no longer be followed', async () => {
    put('journal/mine.aj1', 0)
    const file = { top: root, path: 'journal/mine.aj1' }
    await removeJournal(file)
    await removeJournal(file)
    await removeJournal(null)
    expect(readdirSync(join(root, 'journal'))).toEqual([])
  })

  const listed: string[] = []
  const planOf = (annotations: Record<string, string>): RunPlan =>
    ({
      run: { companyId: 'co', runId: 'r1' },
      namespace: 'ns',
      volume: createVolumeView({ mountPath: '/paperclip', serverPath: root }),
      places: {
        journalPath: '/paperclip/journal/r1.aj1',
        tokenPath: '/paperclip/tokens/r1.json',
        bundleRoot: '/paperclip/bundles',
      },
      cluster: {
        client: {
          list: async (_kind: unknown, { labelSelector }: { labelSelector: string }) => {
            listed.push(labelSelector)
            return { items: [{ metadata: { annotations } }] }
          },
        } as unknown as KubeClient,
      },
    }) as unknown as RunPlan

  it('is swept by the next run of the agent: journals, tokens, and bundles that no live Job reads', async () => {
    const folder = join(root, 'bundles')
    const store = createPromptBundles({ root: folder, clock: { now: () => now - keptForMs - 1000 } })
    const [read, forgotten] = [
      await store.materialize([{ path: 'a', content: 'read by a long run' }]),
      await store.materialize([{ path: 'a', content: 'forgotten' }]),
    ]
    const young = await createPromptBundles({ root: folder }).materialize([{ path: 'a', content: 'young' }])
    put('journal/old.aj1', keptForMs + 1000)
    put('tokens/old.json', keptForMs + 1000)
    put('tokens/old.json.aside', keptForMs + 1000)
    put('tokens/.old.json.0f.tmp', keptForMs + 1000)
    put('tokens/young.json', 1000)
    await tidyVolume(planOf({ 'paperclip.io/prompt-bundle': read.key }), { now, signal: AbortSignal.timeout(5000) })
    expect(readdirSync(folder).sort()).toEqual([read.key, young.key].sort())
    expect(readdirSync(folder)).not.toContain(forgotten.key)
    expect(readdirSync(join(root, 'journal'))).toEqual([])
    expect(readdirSync(join(root, 'tokens'))).toEqual(['young.json'])
    expect(listed).toEqual(['paperclip.io/company-id=co'])
  })

  it('costs the API server nothing when there is nothing to collect', async () => {
    listed.length = 0
    await tidyVolume(planOf({}), { now, signal: AbortSignal.timeout(5000) })
    expect(listed).toEqual([])
  })
})
