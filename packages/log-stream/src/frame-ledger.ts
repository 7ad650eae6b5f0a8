import type { LocatedFrame } from '@agent-jobs/frames'
import { FramePrints } from './frame-prints.ts'

/** How a frame's number relates to those before it. */
export type FrameStanding =
  /** It follows all that were taken. */
  | 'next'
  /** Numbers before it are missing. */
  | 'ahead'
  /** It was counted as missing. */
  | 'late'
  /** It was taken before. */
  | 'repeated'
  /** Its number is below those that are remembered, so a frame with it was probably taken before. */
  | 'unknown'
  /** Another frame with its number was taken before, and this one was not: two writers use the same numbers. */
  | 'contested'

/** Numbers that were given up, inclusive. */
export type Hole = readonly [from: number, to: number]

const maxHoles = 64
const maxContested = 1_024
const maxLate = 16_384

/**
 * Tracks which frames were taken. A frame that was not taken is never reported as repeated, whatever numbers the container
 * writes: an agent can forge frames, but cannot hide others with them.
 */
export class FrameLedger {
  readonly #prints = new FramePrints()
  readonly #contested = new Set<string>()
  /** Frames that arrived late, by number. */
  readonly #late = new Map<number, number>()
  /** All numbers that were ever given up: unknown ones among them are never treated as repetitions. */
  readonly #givenUp: Hole[]
  #holes: Hole[]
  #next: number
  /** Missing numbers whose place is not remembered. */
  #forgotten: number

  constructor(o: { next: number; holes?: readonly Hole[] | undefined; lost?: number | undefined }) {
    this.#next = o.next
    this.#holes = [...(o.holes ?? [])]
    this.#givenUp = [...this.#holes]
    this.#forgotten = Math.max(0, (o.lost ?? 0) - sizeOf(this.#holes))
  }

  /** The number after all that were taken. */
  get next(): number {
    return this.#next
  }

  get holes(): readonly Hole[] {
    return this.#holes
  }

  /** How many numbers are missing; with `below`, how many of those below it. */
  lost(below = Number.POSITIVE_INFINITY): number {
    if (this.#holes.length === 0) return this.#forgotten
    return this.#forgotten + sizeOf(this.#holes.map(([from, to]): Hole => [from, Math.min(to, below - 1)]))
  }

  standing(frame: LocatedFrame): FrameStanding {
    const { seq } = frame
    if (seq === this.#next) return 'next'
    if (seq > this.#next) return 'ahead'
    if (this.#holes.length > 0 && this.#holes.some((hole) => isIn(hole, seq))) return 'late'
    const known = this.#late.get(seq) ?? this.#prints.get(seq)
    if (known === 0 && !this.#givenUp.some((hole) => isIn(hole, seq))) return 'unknown'
    const print = this.#prints.of(frame)
    return print === known || this.#contested.has(`${seq} ${print}`) ? 'repeated' : 'contested'
  }

  /** Takes the next frame. */
  take(frame: LocatedFrame): void {
    this.#prints.add(frame.seq, this.#prints.of(frame))
    this.#next = frame.seq + 1
  }

  /** Takes a late frame. */
  fill(frame: LocatedFrame): void {
    const { seq } = frame
    this.#holes = this.#holes.flatMap((hole): Hole[] => {
      if (!isIn(hole, seq)) return [hole]
      const parts: Hole[] = [
        [hole[0], seq - 1],
        [seq + 1, hole[1]],
      ]
      return parts.filter(([from, to]) => from <= to)
    })
    this.#forgetSome()
    this.#late.set(seq, this.#prints.of(frame))
    for (const oldest of this.#late.keys()) {
      if (this.#late.size <= maxLate) break
      this.#late.delete(oldest)
    }
  }

  /** Takes a contested frame; false when too many were taken to remember another. */
  contest(frame: LocatedFrame): boolean {
    if (this.#contested.size >= maxContested) return false
    this.#contested.add(`${frame.seq} ${this.#prints.of(frame)}`)
    return true
  }

  /** Gives up the numbers before `seq`. */
  giveUpTo(seq: number): Hole {
    const hole: Hole = [this.#next, seq - 1]
    this.#holes.push(hole)
    this.#givenUp.push(hole)
    if (this.#givenUp.length > maxHoles) this.#givenUp.shift()
    this.#forgetSome()
    this.#next = seq
    return hole
  }

  #forgetSome(): void {
    while (this.#holes.length > maxHoles) {
      const [oldest] = this.#holes.splice(0, 1)
      if (oldest !== undefined) this.#forgotten += sizeOf([oldest])
    }
  }
}

const isIn = ([from, to]: Hole, seq: number): boolean => seq >= from && seq <= to

function sizeOf(holes: readonly Hole[]): number {
  return holes.reduce((sum, [from, to]) => sum + Math.max(0, to - from + 1), 0)
}
