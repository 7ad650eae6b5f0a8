import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { claudeDefinition } from '../packages/adapter-claude-k8s/src/claude-definition.ts'
import { codexDefinition } from '../packages/adapter-codex-k8s/src/codex-definition.ts'
import { errorTable } from '../packages/adapter-kit/src/result/error-table.ts'
import { opencodeDefinition } from '../packages/adapter-opencode-k8s/src/opencode-definition.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Everything that tests and scenarios of packages say, without the tables of codes themselves. */
const tests = globSync(['packages/*/{src,test}/**/*.test.ts', 'packages/*/{src,test}/**/*-tests.ts'], { cwd: root })
  .filter((file) => !file.includes('node_modules'))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n')

it.each([claudeDefinition, codexDefinition, opencodeDefinition])(
  '$title has no error code that no test expects',
  ({ errorNames, ownErrors }) => {
    const codes = Object.keys(errorTable(errorNames, ownErrors))
    expect(codes.length).toBeGreaterThan(45)
    expect(codes.filter((code) => !tests.includes(`'${code}'`))).toEqual([])
  },
)
