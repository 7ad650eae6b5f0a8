/** What this process has to do with a Job. */
export type JobStage =
  /** A run follows it. */
  | { readonly kind: 'followed' }
  /** Its run is over and it is being removed; `by` is the cluster connection whose runner saw its end. */
  | { readonly kind: 'leaving'; readonly by: object }

/** How following a Job ended. */
export type JobEnd =
  /** Its outcome is known and reported. */
  | 'known'
  /** Nobody can say whether something of it still runs. */
  | 'unsure'
  /** It goes on without this process, and another run adopts it. */
  | 'elsewhere'

/** The Jobs of this process by uid, each in one stage. */
export interface JobRegister {
  stageOf(uid: string): JobStage | null
  /** A run takes the Job to itself; false when another run of this process has it. */
  take(uid: string): boolean
  /** The run that had taken it has let go of it. */
  finish(uid: string, end: JobEnd, by: object): void
  /** Nothing of the Job is left. */
  forget(uid: string): void
}

/** The stage that follows on an end; null when this process has nothing to do with the Job any more. */
export function stageAfter(end: JobEnd, by: object): JobStage | null {
  return end === 'elsewhere' ? null : { kind: 'leaving', by }
}

/** Makes an empty register. */
export function createJobRegister(): JobRegister {
  const stages = new Map<string, JobStage>()
  return {
    stageOf: (uid) => stages.get(uid) ?? null,
    take(uid) {
      if (stages.get(uid)?.kind === 'followed') return false
      stages.set(uid, { kind: 'followed' })
      return true
    },
    finish(uid, end, by) {
      const stage = stageAfter(end, by)
      if (stage === null) stages.delete(uid)
      else stages.set(uid, stage)
    },
    forget(uid) {
      // Another run may have adopted it since.
      if (stages.get(uid)?.kind === 'leaving') stages.delete(uid)
    },
  }
}
