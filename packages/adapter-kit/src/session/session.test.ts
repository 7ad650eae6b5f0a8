import { describe, expect, it } from 'vitest'
import { decideResume, offeredSession } from './decide-resume.ts'
import { sessionCodec } from './session-params.ts'

describe('the session codec', () => {
  it.each([
    [{ sessionId: 's', cwd: '/w', promptBundleKey: 'k', workspaceId: 'w', repoUrl: 'u', repoRef: 'r' }],
    [{ session_id: 's', workdir: '/w', prompt_bundle_key: 'k', workspace_id: 'w', repo_url: 'u', repo_ref: 'r' }],
    [
      {
        sessionID: ' s ',
        folder: '/w',
        promptBundleKey: 'k',
        workspaceId: 'w',
        repoUrl: 'u',
        repoRef: 'r',
        unknown: 1,
      },
    ],
  ])('reads %j', (raw) => {
    expect(sessionCodec.deserialize(raw)).toEqual({
      sessionId: 's',
      cwd: '/w',
      promptBundleKey: 'k',
      workspaceId: 'w',
      repoUrl: 'u',
      repoRef: 'r',
    })
  })

  it.each([null, 'text', [], {}, { sessionId: ' ' }, { cwd: '/w' }])('takes %j as no session', (raw) => {
    expect(sessionCodec.deserialize(raw)).toBeNull()
  })

  it('round-trips and shows an id of at most 128 characters', () => {
    const params = { sessionId: 'x'.repeat(200), cwd: '/w' }
    expect(sessionCodec.deserialize(sessionCodec.serialize(params))).toEqual(params)
    expect(sessionCodec.getDisplayId?.(params)).toHaveLength(128)
  })
})

const base = {
  offered: { sessionId: 's', cwd: '/w' },
  enabled: true,
  cwd: '/w/',
  boundToDirectory: true,
  isSessionId: (id: string) => id === 's',
  files: 'present' as const,
  label: 'Claude',
}

describe('resuming', () => {
  it('needs an offered session', () => {
    expect(decideResume({ ...base, offered: null })).toEqual({ kind: 'fresh', notice: null })
    expect(offeredSession({ sessionParams: null, sessionId: 'legacy' })).toEqual({ sessionId: 'legacy' })
    expect(offeredSession({ sessionParams: null, sessionId: null })).toBeNull()
  })

  it.each([
    ['as it was', {}],
    ['when its files cannot be checked', { files: 'unknown' as const }],
    ['elsewhere when the agent does not mind', { cwd: '/other', boundToDirectory: false }],
    ['when the directory was not kept', { offered: { sessionId: 's' } }],
  ])('continues %s', (_what, change) => {
    expect(decideResume({ ...base, ...change })).toMatchObject({ kind: 'resume', sessionId: 's' })
  })

  it.each([
    ['it is switched off', { enabled: false }, /"Resume sessions" is off/],
    ['the id is foreign', { offered: { sessionId: 'ses_x' } }, /not one of this agent/],
    ['the directory changed', { cwd: '/other' }, /saved for the directory "\/w" and this run works in "\/other"/],
    ['the transcript is gone', { files: 'absent' as const }, /no longer on the data volume/],
  ])('starts a new session and says so when %s', (_what, change, notice) => {
    const decision = decideResume({ ...base, ...change })
    expect(decision).toMatchObject({ kind: 'fresh' })
    expect(decision.kind === 'fresh' ? decision.notice : '').toMatch(notice)
  })
})
