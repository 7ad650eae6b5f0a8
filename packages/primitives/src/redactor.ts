/** Hides known credentials in output, also in the forms that programs print them in. */
export interface Redactor {
  /** Hides them in a complete text. */
  text(text: string): string
  /** Hides them in a text that arrives in parts, even when one is split. */
  stream(): (part: string, goesOn: boolean) => string
}

/** Minimum length of values taken for credentials by name or form: shorter ones would hide half of every text. */
const shortest = 12
/** Values that were read from a secret are certainly credentials. */
const shortestResolved = 6
/** Longer values are hidden by their first characters; what is held back between two parts stays small. */
const longest = 4096

/**
 * The characters that a value has in the middle of a longer base64 text: the first and the last ones depend on its
 * neighbours, so that there are three forms, one for each place in a group of three bytes.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value)
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const known = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [known, known.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** The forms of a value in a line: plain, in JSON, in JSON inside a JSON string, in a URL, in base64 or hexadecimal. */
function forms(value: string): string[] {
  const inJson = JSON.stringify(value).slice(1, -1)
  const twice = JSON.stringify(inJson).slice(1, -1)
  const inUrl = encodeURIComponent(value)
  return [
    value,
    inJson,
    twice,
    inUrl,
    inUrl.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    inUrl.replaceAll('%20', '+'),
    Buffer.from(value).toString('hex'),
    ...base64Forms(value),
  ]
}

/** A file of several lines is hidden whole in its encoded forms, and line by line. */
function appearances(secret: string, least: number): string[] {
  const value = secret.trim().slice(0, longest)
  const lines = value.split(/\r?\n/).filter((line) => !line.startsWith('-----'))
  const whole = lines.length > 1 ? forms(value).slice(1) : forms(value)
  return [...whole, ...(lines.length > 1 ? lines : [])].filter((form) => form.length >= least)
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Creates a redactor for the known values. */
export function createRedactor({
  secrets = [],
  resolved = [],
}: {
  /** Credentials by name or form. */
  secrets?: Iterable<string>
  /** Values that were read from a secret: shorter ones are hidden, too. */
  resolved?: Iterable<string>
}): Redactor {
  const values = new Set([
    ...[...secrets].flatMap((value) => appearances(value, shortest)),
    ...[...resolved].flatMap((value) => appearances(value, shortestResolved)),
  ])
  if (values.size === 0) return { text: (text) => text, stream: () => (part) => part }
  const sorted = [...values].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(sorted.map(escaped).join('|'), 'g')
  const held = (sorted[0]?.length ?? 1) - 1
  const text = (given: string) => given.replaceAll(pattern, '***')
  return {
    text,
    stream() {
      let rest = ''
      return (part, goesOn) => {
        const all = rest + part
        let cut = goesOn ? Math.max(0, all.length - held) : all.length
        // A value that begins before the cut is emitted with it; one that may be incomplete is held back.
        for (const { index, 0: match } of all.matchAll(pattern)) {
          if (index < cut && index + match.length > cut) cut = index
        }
        rest = all.slice(cut)
        return text(all.slice(0, cut))
      }
    },
  }
}
