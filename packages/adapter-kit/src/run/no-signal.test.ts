import { describe, expect, it } from 'vitest'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { freshState } from '../restart/process-state.ts'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'

describe('a Paperclip that gives no signal to cancel runs', () => {
  const logWith = async (signal: AbortSignal | null) => {
    const { ctx, told } = paperclipContext({ config: { timeoutSec: 'soon' }, signal })
    await createAdapter(scriptAgent(''), systemDependencies({ env: {}, state: freshState() })).execute(ctx)
    return told.log.map(({ chunk }) => chunk).join('')
  }

  it('is named in the log of each run, with the version that gives one', async () => {
    expect(await logWith(null)).toContain('cannot tell the adapter to cancel a run')
    expect(await logWith(null)).toContain('2026.916.1')
    expect(await logWith(new AbortController().signal)).not.toContain('cancel')
  })
})
