import { describe, expect, it } from 'vitest'
import { createNameCounter } from './name-counter.ts'

describe('a name counter', () => {
  it('counts each name, __proto__ like any other', () => {
    const counter = createNameCounter()
    for (const name of ['a', '__proto__', 'a', 'toString']) counter.add(name)
    expect(Object.entries(counter.toRecord())).toEqual([
      ['a', 2],
      ['__proto__', 1],
      ['toString', 1],
    ])
    expect(counter.total).toBe(4)
  })

  it('counts names without end, and names without measure, under one', () => {
    const counter = createNameCounter()
    for (let i = 0; i < 500; i++) counter.add(`name-${i}`)
    counter.add('name-0')
    expect(counter.toRecord()).toMatchObject({ 'name-0': 2, '(other)': 300 })
    const long = createNameCounter()
    long.add('x'.repeat(201))
    expect(long.toRecord()).toEqual({ '(other)': 1 })
  })
})
