import { join } from 'node:path'
import { describeReadme } from '@agent-jobs/stream-parser-core/test/describe-readme.ts'

describeReadme(join(import.meta.dirname, '..'))
