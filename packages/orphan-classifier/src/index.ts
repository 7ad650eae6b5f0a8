export type { CandidateJob, CandidateState, WantedRun } from './candidate-job.ts'
export { classifyOrphans, type JudgedJob, type OrphanVerdict } from './classify-orphans.ts'
export { decisionTable, judgeCandidate, type Effect, type Relation, type TableRow } from './judge-candidate.ts'
