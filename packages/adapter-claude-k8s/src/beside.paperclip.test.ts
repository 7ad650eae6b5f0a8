import { fileURLToPath } from 'node:url'
import { besideBuiltIn } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from '../test/claude-agent.ts'

besideBuiltIn(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
