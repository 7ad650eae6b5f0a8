import { badRequest } from '../api-error.ts'
import { isLabelValue, isQualifiedName, labelValueMessage, qualifiedNameMessage } from '../names.ts'

/** Whether an object's labels satisfy a selector. */
export type LabelTest = (labels: Record<string, string>) => boolean

const symbols = ['==', '!=', '=', '!', '(', ')', ',', '>', '<']
const operators = ['in', 'notin', '=', '==', '!=', 'gt', 'lt']

interface Token {
  kind: 'symbol' | 'word' | 'end'
  text: string
}

function tokensOf(selector: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < selector.length;) {
    const rest = selector.slice(at)
    const space = /^[ \t\r\n]+/.exec(rest)?.[0]
    const symbol = symbols.find((one) => rest.startsWith(one))
    const text = space ?? symbol ?? /^[^ \t\r\n=!(),<>]+/.exec(rest)?.[0] ?? rest
    if (space === undefined) tokens.push({ kind: symbol === undefined ? 'word' : 'symbol', text })
    at += text.length
  }
  return tokens
}

const end: Token = { kind: 'end', text: '' }

/** Parses a labelSelector token by token as the server does, with the same errors at the same positions. */
export function parseLabelSelector(selector: string): LabelTest {
  const tokens = tokensOf(selector)
  let at = 0
  const peek = () => tokens[at] ?? end
  const next = () => tokens[at++] ?? end
  const is = (token: Token, symbol: string) => token.kind === 'symbol' && token.text === symbol
  const starts = (token: Token) => token.kind === 'word' || is(token, '!')
  const expected = (token: Token, what: string) => `found '${token.text}', expected: ${what}`
  const unreadable = (why: string) => badRequest(`unable to parse requirement: ${why}`)

  function list(): string[] {
    const open = next()
    if (!is(open, '(')) throw unreadable(`found '${open.text}' expected: '('`)
    const values: string[] = []
    while (!is(peek(), ')')) {
      const token = next()
      if (token.kind === 'word') {
        values.push(token.text)
        if (!is(peek(), ',') && !is(peek(), ')')) throw unreadable(expected(peek(), `',' or ')'`))
      } else if (is(token, ',')) {
        if (values.length === 0 || is(peek(), ',') || is(peek(), ')')) values.push('')
      } else {
        const what = values.length === 0 ? `',', ')' or identifier` : `',', or identifier`
        throw unreadable(expected(token, what))
      }
    }
    next()
    return values.length === 0 ? [''] : values
  }

  function exactValue(): string {
    if (peek().kind === 'end' || is(peek(), ',')) return ''
    const token = next()
    if (token.kind !== 'word') throw unreadable(expected(token, 'identifier'))
    return token.text
  }

  function requirement(): LabelTest {
    const absent = is(peek(), '!')
    if (absent) next()
    const key = next()
    if (key.kind !== 'word') throw unreadable(expected(key, 'identifier'))
    if (!isQualifiedName(key.text))
      throw unreadable(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${qualifiedNameMessage(key.text)}`)
    if (absent) return (labels) => !(key.text in labels)
    if (peek().kind === 'end' || is(peek(), ',')) return (labels) => key.text in labels
    return comparison(key.text)
  }

  function comparison(key: string): LabelTest {
    const operator = next()
    const known = operator.kind === 'word' ? ['in', 'notin'] : ['=', '==', '!=', '>', '<']
    if (!known.includes(operator.text)) throw unreadable(expected(operator, operators.join(', ')))
    const inList = operator.text === 'in' || operator.text === 'notin'
    const values = new Set(inList ? list() : [exactValue()])
    for (const value of values) {
      if (isLabelValue(value)) continue
      const path = `values[${[...values].sort().indexOf(value)}][${key}]`
      throw unreadable(`${path}: Invalid value: ${JSON.stringify(value)}: ${labelValueMessage(value)}`)
    }
    const [first = ''] = values
    if (operator.text === '>' || operator.text === '<') {
      if (!/^[+-]?\d+$/.test(first)) {
        const why = "for 'Gt', 'Lt' operators, the value must be an integer"
        throw unreadable(`values[0]: Invalid value: ${JSON.stringify(first)}: ${why}`)
      }
      const order = operator.text === '>' ? 1 : -1
      return (labels) => /^[+-]?\d+$/.test(labels[key] ?? '') && (Number(labels[key]) - Number(first)) * order > 0
    }
    const negated = operator.text === 'notin' || operator.text === '!='
    return (labels) => (key in labels && values.has(labels[key] ?? '')) !== negated
  }

  const tests: LabelTest[] = []
  while (peek().kind !== 'end') {
    if (!starts(peek())) throw badRequest(expected(peek(), `!, identifier, or 'end of string'`))
    tests.push(requirement())
    const after = next()
    if (after.kind === 'end') break
    if (!is(after, ',')) throw badRequest(expected(after, `',' or 'end of string'`))
    if (!starts(peek())) throw badRequest(expected(peek(), `identifier after ','`))
  }
  return (labels) => tests.every((test) => test(labels))
}
