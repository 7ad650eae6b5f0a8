/** What the launcher runs in the pod, and within which limits. Passed as JSON in `AGENT_JOBS_SPEC`. */
export interface LaunchSpec {
  version: 1
  /** The command and its arguments, run without a shell. */
  argv: string[]
  /** Working directory, absolute. Default: that of the container. */
  cwd?: string
  /** Create `cwd` (with its parents) when it is missing. */
  createCwd?: boolean
  /** Variables for the command, over those of the container. */
  env?: Record<string, string>
  /** Variables of the container to hide from the command. `AGENT_JOBS_*` never reach it anyway. */
  unsetEnv?: string[]
  /** Absolute directories that the command's PATH begins with, before those of the container. */
  prependPath?: string[]
  /** Also write every frame to this file, on a volume that outlives the container. */
  journal?: JournalSpec
  /** Directory for the command's output files (unlinked at once). Default: the image's temporary directory. */
  outputDirectory?: string
  /** Folders of shared volumes that must be the ones the server prepared; compared before anything is read or written. */
  mounts?: readonly MountIdentity[]
  limits?: LaunchLimits
  finish?: FinishRule
  proxy?: ProxySpec
}

/** An API that the command reaches through the launcher, with credentials that it never holds itself. */
export interface ProxySpec {
  /** The API's own address, `http` or `https`; its path is prepended to that of each call. */
  targetUrl: string
  /**
   * File, kept up to date by the process that follows the run, that is read for each call: a token, or JSON with an object
   * of headers, or a list of such objects that are tried in turn when the API answers 401, 409 or 422. An empty list holds
   * calls as if the API were away.
   */
  tokenFile: string
  /** Variable with the proxy's address for the command. */
  envUrl: string
  /** Variable with a password made for this run; if set, calls without it are refused. */
  envToken?: string
  /** How long a call is held while the API is away or the list is empty. Default 120,000. */
  holdMs?: number
  /** How long a call refused for its credentials waits for new ones in the file. Default 5,000. */
  refreshMs?: number
}

/** Which folder the server intended to mount; see `fs.Stats` with `bigint`. */
export interface MountIdentity {
  /** Its path in the container, absolute. */
  readonly path: string
  /** Inode number, decimal. The same for every node that mounts the file system. */
  readonly inode: string
  /**
   * Device number as the server sees it, decimal. Compared only where server and pod both see a disk: a network file
   * system has another number on each node.
   */
  readonly device?: string | undefined
}

/** The journal: the same frames as on the container's stdout, appended to a file. */
export interface JournalSpec {
  /** Absolute path of a file that does not exist yet; missing directories are created. */
  path: string
  /**
   * Refuse to start the command when the file exists already: an earlier pod of the same run has started it. For Jobs
   * whose queue may replace their pod. Default false.
   */
  startsOnce?: boolean
  /** Limit of the file in bytes; beyond it only the launcher's own records are appended. Default 256 MiB. */
  maxBytes?: number
}

/** Limits of a run; a missing one is not enforced, except `killGraceMs` and `maxOutputBytes`, which have defaults. */
export interface LaunchLimits {
  /** Maximum running time of the command. */
  totalMs?: number
  /** Longest time without a byte of output on either stream. */
  idleMs?: number
  /** How long the command may keep running after it has finished its work (see {@link FinishRule}, or SIGUSR1). */
  hangAfterFinishMs?: number
  /** Time between SIGTERM and SIGKILL. Default 10,000. Keep the pod's grace period above it. */
  killGraceMs?: number
  /** Maximum bytes of output, both streams together; also limits the temporary files. Default 1 GiB. */
  maxOutputBytes?: number
}

/** Matches a line that contains all strings of `includes` and, for each entry of `unless`, not all of its strings. */
export interface LinePattern {
  readonly includes: readonly string[]
  readonly unless?: readonly (readonly string[])[] | undefined
}

/**
 * How the launcher detects that the command has finished its work although its process is still there.
 *
 * Each member lists patterns for lines of standard output; one that matches is enough. The work is finished once a line
 * of `workDone` was printed, while no turn is open and nothing is held. `hangAfterFinishMs` runs while it is finished, and
 * restarts with each byte of standard output. A turn that begins stops it until that turn has ended.
 */
export interface FinishRule {
  /** The work is done. Such a line also ends a turn. */
  readonly workDone: readonly LinePattern[]
  /** A turn begins: a model call follows, however long it stays silent. */
  readonly turnBegins?: readonly LinePattern[] | undefined
  /** A turn ends, without saying whether the work is done. */
  readonly turnEnds?: readonly LinePattern[] | undefined
  /** True if a turn may begin before the previous one has ended: then each needs its own end. Default false. */
  readonly turnsOverlap?: boolean | undefined
  /** From here on work continues in the background … */
  readonly heldFrom?: readonly LinePattern[] | undefined
  /** … until here. */
  readonly heldUntil?: readonly LinePattern[] | undefined
  /** Ends a command that repeats itself: it would never finish its work. */
  readonly loop?: LoopRule | undefined
}

/**
 * Ends a command that repeats itself: it is stopped (`loop_limit`) after `maxSteps` lines of `step` in a row. A step counts
 * if no line of `progress` was printed since the step before it, or since the turn began.
 */
export interface LoopRule {
  readonly step: readonly LinePattern[]
  readonly progress: readonly LinePattern[]
  readonly maxSteps: number
}

/** A file that the launcher writes before it starts the command. */
export interface LaunchFile {
  /** Absolute path; missing directories are created. */
  path: string
  /** Permission bits, default 0o600. */
  mode?: number
  content: string | Uint8Array
}

/** How to pass a {@link LaunchFile}. */
export interface PackedFile {
  path: string
  mode?: number
  contentBase64: string
}
