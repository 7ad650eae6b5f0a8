import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readIsolation } from '../plan/isolation.ts'
import { runPlaces } from '../plan/places.ts'
import { readRunContext } from '../plan/run-context.ts'
import { commonSettings } from '../settings/common-settings.ts'
import { requireSettings } from '../settings/read-settings.ts'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { createVolumeView } from '../volume/volume-view.ts'
import { prepareBundle } from './prepare-bundle.ts'

function world({ hasVolume = true }: { hasVolume?: boolean } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kit-bundle-'))
  mkdirSync(join(folder, 'volume'))
  const skill = (name: string) => {
    const source = join(folder, 'skills', name)
    mkdirSync(source, { recursive: true })
    writeFileSync(join(source, 'SKILL.md'), `# ${name}`)
    return { key: `co/${name}`, runtimeName: name, source }
  }
  const instructionsFilePath = join(folder, 'AGENTS.md')
  writeFileSync(instructionsFilePath, 'Be kind.')
  const prepare = async (config: Record<string, unknown>) => {
    const { ctx } = paperclipContext({ config })
    const settings = requireSettings(z.object(commonSettings), config)
    const places = runPlaces({
      run: readRunContext(ctx),
      settings,
      isolation: readIsolation(undefined, ctx.runId),
      hasVolume,
      scoped: false,
      dataMountPath: '/paperclip',
      env: {},
      bundleFolder: 'claude-prompt-cache',
      allowedFolders: [],
      grantedFolders: new Map(),
    })
    return prepareBundle({
      ctx,
      settings,
      places,
      volume: createVolumeView({ mountPath: '/paperclip', serverPath: hasVolume ? join(folder, 'volume') : null }),
    })
  }
  const onServer = (path: string | null) => join(folder, 'volume', (path ?? '').slice('/paperclip'.length))
  return { folder, skill, instructionsFilePath, prepare, onServer }
}

const wanted = (skills: { key: string }[]) => ({
  paperclipRuntimeSkills: skills,
  paperclipSkillSync: { desiredSkills: skills.map(({ key }) => key) },
})

describe('skills and instructions', () => {
  it("lie on the volume at the pod's path, named by their content", async () => {
    const { skill, instructionsFilePath, prepare, onServer } = world()
    const bundle = await prepare({ instructionsFilePath, ...wanted([skill('review')]) })
    expect(bundle.directory).toBe(
      `/paperclip/instances/default/companies/6fa459ea-ee8a-3ca4-894e-db77e160355e/claude-prompt-cache/${bundle.key}`,
    )
    const there = onServer(bundle.directory)
    expect(readFileSync(join(there, '.claude/skills/review/SKILL.md'), 'utf8')).toBe('# review')
    expect(readFileSync(join(there, 'agent-instructions.md'), 'utf8')).toMatch(
      /^Be kind\.\n\nThese instructions come from/,
    )
    expect(bundle).toMatchObject({ skills: ['review'], files: [], warnings: [] })
  })

  it('say which skills the company has but the agent lacks', async () => {
    const { skill, instructionsFilePath, prepare, onServer } = world()
    const [mine, other] = [skill('review'), skill('deploy')]
    const config = { paperclipRuntimeSkills: [mine, other], paperclipSkillSync: { desiredSkills: [mine.key] } }
    const { skills, instructionsFile } = await prepare({ instructionsFilePath, ...config })
    expect(skills).toEqual(['review'])
    const text = readFileSync(onServer(instructionsFile), 'utf8')
    expect(text).toContain('Be kind.')
    expect(text).toContain('- co/review — enabled\n')
    expect(text).not.toContain('- co/deploy — enabled')
    expect(text).toContain('- co/deploy — installed, not enabled for you')
  })

  it('give the same bundle for the same content and another for changed instructions', async () => {
    const { instructionsFilePath, prepare } = world()
    const first = await prepare({ instructionsFilePath })
    expect((await prepare({ instructionsFilePath })).key).toBe(first.key)
    writeFileSync(instructionsFilePath, 'Be quick.')
    expect((await prepare({ instructionsFilePath })).key).not.toBe(first.key)
  })

  it('fail the run when the volume cannot hold them', async () => {
    const { folder, instructionsFilePath, prepare } = world()
    writeFileSync(join(folder, 'volume', 'instances'), 'a file where a folder should be')
    await expect(prepare({ instructionsFilePath })).rejects.toMatchObject({ code: 'skill_bundle_failed' })
  })

  it('name a skill that is asked for and does not exist', async () => {
    const { skill, prepare } = world()
    const good = skill('good')
    const { skills, warnings } = await prepare({
      paperclipRuntimeSkills: [good],
      paperclipSkillSync: { desiredSkills: [good.key, 'co/gone'] },
    })
    expect(skills).toEqual(['good'])
    expect(warnings).toEqual(['skill "co/gone" is left out: the company has no such skill'])
  })

  it('leave out a skill that leads outside, and name it', async () => {
    const { folder, skill, prepare } = world()
    const [good, bad] = [skill('good'), skill('bad')]
    writeFileSync(join(folder, 'outside'), 'secret')
    symlinkSync(join(folder, 'outside'), join(bad.source, 'link'))
    const bundle = await prepare(wanted([good, bad]))
    expect(bundle.skills).toEqual(['good'])
    expect(bundle.warnings).toEqual([expect.stringMatching(/^skill "bad" is left out: /)])
  })

  it.each(['..', '../..', '../../x', 'a/../../b', '', 'a//b', 'with\\back'])(
    'leave out a skill that calls itself "%s", and it alone',
    async (name) => {
      const { skill, prepare } = world()
      const [good, bad] = [skill('good'), { ...skill('bad'), runtimeName: name }]
      const bundle = await prepare(wanted([good, bad]))
      expect(bundle.skills).toEqual(['good'])
      expect(bundle.warnings).toHaveLength(1)
    },
  )

  it('never hold what an agent has planted a link to: not as instructions, not as a skill', async () => {
    const { folder, skill, prepare, onServer } = world()
    writeFileSync(join(folder, 'master.key'), 'the master key')
    const instructionsFilePath = join(folder, 'volume', 'AGENTS.md')
    symlinkSync(join(folder, 'master.key'), instructionsFilePath)
    symlinkSync(folder, join(folder, 'volume', 'planted'))
    const planted = { ...skill('planted'), source: join(folder, 'volume', 'planted') }
    const bundle = await prepare({ instructionsFilePath, ...wanted([skill('good'), planted]) })
    expect(bundle.skills).toEqual(['good'])
    expect(readFileSync(onServer(bundle.instructionsFile), 'utf8')).toMatch(/^## Company skill library/)
    expect(bundle.warnings).toEqual([
      expect.stringMatching(/could not read agent instructions.*a link on the data volume leads/),
      expect.stringMatching(/^skill "planted" is left out: a link on the data volume leads/),
    ])
  })

  it.each([
    ['missing', (path: string) => rmSync(path), 'ENOENT'],
    ['endless', (path: string) => (rmSync(path), symlinkSync('/dev/zero', path)), 'it is not a regular file'],
    ['too long', (path: string) => truncateSync(path, 1_048_577), 'it has 1048577 bytes, and may have 1048576'],
  ])('name an instructions file that is %s and go on', async (_what, harm, why) => {
    const { instructionsFilePath, prepare } = world()
    harm(instructionsFilePath)
    const bundle = await prepare({ instructionsFilePath })
    expect(bundle.instructionsFile).toBeNull()
    expect(bundle.warnings).toEqual([expect.stringContaining('could not read agent instructions file')])
    expect(bundle.warnings[0]).toContain(why)
  })

  it('travel with the run, without skills, when there is no volume', async () => {
    const { skill, instructionsFilePath, prepare } = world({ hasVolume: false })
    const bundle = await prepare({ instructionsFilePath, ...wanted([skill('review')]) })
    expect(bundle).toMatchObject({ directory: null, key: null, skills: [] })
    expect(bundle.files).toEqual([{ path: bundle.instructionsFile, content: expect.stringContaining('Be kind.') }])
    expect(bundle.warnings).toEqual([expect.stringMatching(/1 skill\(s\) are left out/)])
  })
})
