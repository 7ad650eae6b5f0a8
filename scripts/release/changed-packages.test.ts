import { expect, it } from 'vitest'
import { changedPackages } from './changed-packages.ts'

it('reads the names of released packages from changesets', () => {
  const first = "---\n'@agent-jobs/cli': minor\n'@agent-jobs/kube-api': none\n---\n\nText with --- in it.\n"
  expect(changedPackages([first, '---\n"@agent-jobs/cli": patch\n---\n', '---\n---\n\nNothing.\n'])).toEqual([
    '@agent-jobs/cli',
  ])
})
