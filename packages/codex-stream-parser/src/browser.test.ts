import { join } from 'node:path'
import { describeBrowserSafety } from '@agent-jobs/stream-parser-core/test/describe-browser-safety.ts'

describeBrowserSafety(join(import.meta.dirname, '..'))
