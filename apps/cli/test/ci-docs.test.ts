import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../src/run-cli.ts'
import { fakeTerminal } from './fake-terminal.ts'

const page = await readFile(new URL('../../../docs/cli-in-ci.md', import.meta.url), 'utf8')
const snippets = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)

/** The words of a shell command, without what follows `>`. */
function wordsOf(command: string): string[] {
  const [own = ''] = command.split(/ >\s?\S+/)
  return [...own.replaceAll(/\\\n/g, ' ').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  )
}

async function dryRun(words: readonly string[]): Promise<{ code: number; err: string }> {
  const at = words.indexOf('@agent-jobs/cli')
  const args = words
    .slice(at + 1)
    .filter((word) => word !== '-q')
    .map((word) =>
      word
        .replaceAll('$REPOSITORY@$REF', 'https://github.com/me/repo@abc')
        .replaceAll(/\$CI_PROJECT_URL/g, 'https://gitlab.example/me/repo')
        .replaceAll('$CI_COMMIT_SHA', 'abc'),
    )
  const terminal = fakeTerminal({ env: { ANTHROPIC_API_KEY: 'k', GITHUB_TOKEN: 't' } })
  return { code: await runCli([...args, '--dry-run'], terminal), err: terminal.stderr() }
}

describe('docs/cli-in-ci.md', () => {
  it('has three examples that are valid YAML', () => {
    expect(snippets.map((text) => typeof parse(text))).toEqual(['object', 'object', 'object'])
  })

  it('has commands that this program accepts', async () => {
    const { jobs } = parse(snippets[0] ?? '') as { jobs: { review: { steps: { run?: string }[] } } }
    const github = jobs.review.steps.find(({ run }) => run?.includes('npx'))?.run ?? ''
    const { review } = parse(snippets[1] ?? '') as { review: { script: string[] } }
    const cron = parse(snippets[2] ?? '') as {
      spec: { jobTemplate: { spec: { template: { spec: { containers: { command: string[]; args: string[] }[] } } } } }
    }
    const [container] = cron.spec.jobTemplate.spec.template.spec.containers
    const commands = [
      wordsOf(github.slice(github.indexOf('npx'))),
      wordsOf(review.script[0] ?? ''),
      [...(container?.command ?? []), ...(container?.args ?? [])],
    ]
    for (const words of commands) expect(await dryRun(words)).toEqual({ code: 0, err: '' })
  })
})
