import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportedDeclarations, reportOf, topLevelStatements } from './api-declarations.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-declarations-'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write(
    'index.d.ts',
    `export { make, type Thing as Item } from './thing.ts';\nexport * from './all.js';\nexport type { Far } from 'far';\n`,
  )
  write(
    'thing.d.ts',
    `import type { Secret } from './secret.ts';
/** A thing; "not a string */
export interface Thing {
    /** Its name { */
    readonly name: string;
    readonly mark: "/* no comment */" | '}';
}
interface Hidden {
    a: 1;
}
export declare function make(name: string): Thing;
export declare function make(count: number, o?: {
    deep: boolean;
}): Thing;
declare const own: Hidden;
export { own as shown };
`,
  )
  write('all.d.ts', `export declare const kinds: {\n    readonly Job: string;\n};\nexport type Id = string;\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the declarations that a file exports', () => {
  it('are followed through re-exports, under the names they have outside', () => {
    const found = exportedDeclarations(join(folder, 'index.d.ts'))
    expect([...found.keys()].sort()).toEqual(['Far', 'Id', 'Item', 'kinds', 'make'])
    expect(found.get('make')?.match(/function make/g)).toHaveLength(2)
    expect(found.get('Item')).toContain(`readonly mark: "/* no comment */" | '}';`)
    expect(found.get('Item')).not.toContain('Its name')
    expect(found.get('Far')).toBe(`export { Far } from 'far'`)
  })

  it('leave out what the file does not export', () => {
    const found = exportedDeclarations(join(folder, 'thing.d.ts'))
    expect([...found.keys()].sort()).toEqual(['Thing', 'make', 'shown'])
    expect(found.get('shown')).toBe('const own: Hidden;')
  })

  it('are whole statements', () => {
    expect(
      topLevelStatements('export type A = {\n  b: () => { c: 1 };\n} | null;\nexport type D = [1, 2];'),
    ).toHaveLength(2)
  })

  it('are sorted by name in the report', () => {
    const report = reportOf('@x/y', [
      {
        entry: '.',
        declarations: new Map([
          ['b', 'const b: 2;'],
          ['a', 'const a: 1;'],
        ]),
      },
    ])
    expect(report).toContain('## @x/y\n\n```ts\nconst a: 1;\n\nconst b: 2;\n```\n')
  })
})
