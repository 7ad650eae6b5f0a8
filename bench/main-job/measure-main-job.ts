import { bareFloor } from './bare-floor.ts'
import { commandLineRun } from './command-line-run.ts'
import type { MainJobPlace } from './main-job-place.ts'

/**
 * Medians in milliseconds, from interleaved repeats. Not the best of each: the kubelet reports once a second, so a
 * plain Job takes either about one second or about two (978 and 1,950 ms were seen in one series).
 */
export interface MainJobTimes {
  readonly bareMs: number
  readonly runMs: number
  readonly runWithVolumeMs: number
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
  return { bareMs: median(samples.bare), runMs: median(samples.run), runWithVolumeMs: median(samples.volume) }
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN
}
