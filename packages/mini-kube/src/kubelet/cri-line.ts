/** One line of a CRI log file. */
export interface CriLine {
  /** Nanoseconds since the epoch. */
  time: bigint
  /** The time as the API prints it: nine digits and the file's own zone. */
  stamp: string
  /** With its newline for a whole line, without for a part. */
  content: Buffer
}

const space = 32
const pattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/

/** Reads an RFC 3339 time with nanoseconds; undefined when it is none. */
export function parseTime(text: string): { time: bigint; stamp: string } | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, seconds = '', fraction = '', zone = ''] = match
  const ms = Date.parse(`${seconds}${zone}`)
  if (Number.isNaN(ms)) return undefined
  const digits = fraction.padEnd(9, '0')
  return { time: BigInt(ms) * 1_000_000n + BigInt(digits), stamp: `${seconds}.${digits}${zone}` }
}

interface DockerLine {
  log?: string
  stream?: string
  time?: string
}

/** A line of Docker's json-file driver, which the kubelet reads too; undefined when it is none. */
export function parseDockerLine(line: Buffer): CriLine | undefined {
  if (line[0] !== 123) return undefined
  let value: DockerLine
  try {
    value = JSON.parse(line.toString('utf8')) as DockerLine
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const time = parseTime(value.time ?? '')
  return time === undefined ? undefined : { ...time, content: Buffer.from(value.log ?? '') }
}

/** Parses `TIME STREAM TAG CONTENT\n`; undefined for a line the kubelet would skip. */
export function parseCriLine(line: Buffer): CriLine | undefined {
  const first = line.indexOf(space)
  if (first === -1) return undefined
  const time = parseTime(line.toString('latin1', 0, first))
  if (time === undefined) return undefined
  const second = line.indexOf(space, first + 1)
  if (second === -1) return undefined
  const stream = line.toString('latin1', first + 1, second)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const third = line.indexOf(space, second + 1)
  if (third === -1) return undefined
  const partial = line.toString('latin1', second + 1, third).split(':')[0] === 'P'
  const rest = line.subarray(third + 1)
  const content = partial && rest.at(-1) === 10 ? rest.subarray(0, -1) : rest
  return { ...time, content }
}
