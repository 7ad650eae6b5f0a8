import { describe, expect, it } from 'vitest'
import { readCpu, readMemory } from './quantities.ts'

describe('readCpu', () => {
  it.each(['1', '500m', '1.5', '.5', '1024'])('takes %s', (value) => expect(readCpu(value)).toBe(value))
  it.each(['', '0', '0m', '1025', '2Gi', '1e3', 'lots', '-1', '1 m', 'NaN'])('refuses %j', (value) => {
    expect(() => readCpu(value)).toThrow('Expected an amount of CPU')
  })
})

describe('readMemory', () => {
  it.each(['2Gi', '512Mi', '1.5G', '1048576'])('takes %s', (value) => expect(readMemory(value)).toBe(value))
  it.each(['', '0', '64', '500m', '2gb', '1e9', '65Ti', '1Pi', '-1Gi', '1 Gi'])('refuses %j', (value) => {
    expect(() => readMemory(value)).toThrow('Expected an amount of memory')
  })
})
