import { describeFieldCases } from '@agent-jobs/stream-parser-core/test/describe-field-cases.ts'
import { fieldCases } from './__fixtures__/field-cases.ts'
import { createOpencodeParser, createTranscript } from './index.ts'

describeFieldCases({
  cases: fieldCases,
  parse({ stdout, end }) {
    const parser = createOpencodeParser()
    parser.feed(stdout)
    return parser.end(end)
  },
  createTranscript,
})
