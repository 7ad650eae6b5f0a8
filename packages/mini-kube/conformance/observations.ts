import { apiObservations } from './api-observations.ts'
import { environmentObservations } from './environment-observations.ts'
import { jobObservations } from './job-observations.ts'
import { logObservations } from './log-observations.ts'
import { manyPodsObservations } from './many-pods-observations.ts'
import type { Observation } from './stage.ts'
import { probeObservations } from './probe-observations.ts'
import { userObservations } from './user-observations.ts'
import { validationObservations } from './validation-observations.ts'

/** The whole suite: the same observations on every cluster. */
export const observations: readonly Observation[] = [
  ...apiObservations,
  ...validationObservations,
  ...logObservations,
  ...jobObservations,
  ...manyPodsObservations,
  ...environmentObservations,
  ...userObservations,
  ...probeObservations,
]
