import { bareFloor } from './bare-floor.ts'
import { commandLineRun } from './command-line-run.ts'
import type { MainJobPlace } from './main-job-place.ts'

/** Milliseconds of one way to run the agent. Other work on the machine only ever adds, so the best is nearest to the design's own cost. */
export interface Times {
  readonly median: number
  readonly best: number
}

/** From interleaved repeats. */
export interface MainJobTimes {
  readonly bare: Times
  readonly run: Times
  readonly runWithVolume: Times
}

const prompt = 'Please look at this workspace and report.'

/** Measures floor, run and run with a volume in turn, so that a busy machine slows all three alike. */
export async function measureMainJob(
  place: MainJobPlace,
  repeats: number,
  log: (text: string) => void,
): Promise<MainJobTimes> {
  const samples = { bare: [] as number[], run: [] as number[], volume: [] as number[] }
  const ended = async (...args: string[]): Promise<number> => {
    const { exitCode, report, stderr } = await commandLineRun(place, ['--prompt', prompt, ...args])
    if (exitCode !== 0) throw new Error(`agent-jobs run failed with exit code ${exitCode}: ${stderr}`)
    return report.timings.endedMs
  }
  // The first run of each kind warms the page cache and binds the claim; it is not counted.
  for (let round = 0; round <= repeats; round += 1) {
    const times = [await bareFloor(place, prompt), await ended(), await ended('--pvc', `${place.claim}:/work`)] as const
    log(`round ${round}: bare ${Math.round(times[0])} ms, run ${times[1]} ms, run with a volume ${times[2]} ms`)
    if (round === 0) continue
    samples.bare.push(times[0])
    samples.run.push(times[1])
    samples.volume.push(times[2])
  }
  return { bare: timesOf(samples.bare), run: timesOf(samples.run), runWithVolume: timesOf(samples.volume) }
}

function timesOf(samples: readonly number[]): Times {
  const sorted = samples.toSorted((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, best: sorted[0] ?? Number.NaN }
}
