/** How this process is involved with a Job. */
export type JobStage =
  /** A run follows it. */
  | { readonly kind: 'followed' }
  /** Its run has ended and it is being removed; `by` is the cluster connection whose runner saw its end. */
  | { readonly kind: 'leaving'; readonly by: object }

/** How following a Job ended. */
export type JobEnd =
  /** Its outcome is known and reported. */
  | 'known'
  /** It is not known whether something of it still runs. */
  | 'unsure'
  /** It goes on without this process, and another run adopts it. */
  | 'elsewhere'

/** The Jobs of this process by uid, each in one stage. */
export interface JobRegister {
  stageOf(uid: string): JobStage | null
  /** A run takes the Job; false when another run of this process has it. */
  take(uid: string): boolean
  /** The run that had claimed it has released it. */
  finish(uid: string, end: JobEnd, by: object): void
  /** Nothing of the Job is left. */
  forget(uid: string): void
}

/** The stage after an end; null when the Job is not this process's any more. */
export function stageAfter(end: JobEnd, by: object): JobStage | null {
  return end === 'elsewhere' ? null : { kind: 'leaving', by }
}

/** Creates an empty register. */
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
      // Another run may have adopted it by then.
      if (stages.get(uid)?.kind === 'leaving') stages.delete(uid)
    },
  }
}
