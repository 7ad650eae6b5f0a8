import type { Component } from './sbom.ts'

/** Licences that allow use, change and distribution, with at most a notice. */
const allowed: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
])

/** Packages that no published file contains, each with the reason why its licence does not matter. */
const exempt: Readonly<Record<string, string>> = {
  '@anthropic-ai/claude-code': 'an agent, which users install',
  opencode: 'an agent, which users install',
  'axe-core': 'a tool of the tests',
  lightningcss: 'a tool of the tests and the documentation site',
}

/** Whether an SPDX expression can be satisfied by allowed licences: one side of an `OR`, every side of an `AND`. */
export function isAllowed(expression: string): boolean {
  const bare = expression.replaceAll(/[()]/g, '')
  return bare.split(/ OR /).some((side) => side.split(/ AND /).every((licence) => allowed.has(licence.trim())))
}

/** The components whose licence is missing or not allowed, as sentences. */
export function licenceProblems(components: readonly Component[]): string[] {
  return components
    .filter(({ name, licences }) => !isExempt(name) && (licences.length === 0 || !licences.every(isAllowed)))
    .map(({ name, version, licences }) => `${name} ${version}: ${licences.join(', ') || 'no licence'}`)
    .toSorted()
}

const isExempt = (name: string): boolean =>
  Object.keys(exempt).some((each) => name === each || name.startsWith(`${each}-`))
