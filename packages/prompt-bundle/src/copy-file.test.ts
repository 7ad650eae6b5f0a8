import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWorkshop } from '../test/workshop.ts'
import { openRegular, openSource } from './copy-file.ts'

describe('opening a file of a source', () => {
  it('takes the file that was looked at', async () => {
    using shop = openWorkshop()
    await using file = await openSource(realpathSync(shop.write('one/SKILL.md', 'hello')))
    expect(await file.readFile('utf8')).toBe('hello')
  })

  it.skipIf(process.platform !== 'linux')('refuses it when a directory on the way has become a link', async () => {
    using shop = openWorkshop()
    const secret = realpathSync(shop.write('server/SKILL.md', 'secret'))
    symlinkSync(dirname(secret), shop.path('one'))
    const planted = join(realpathSync(shop.path('.')), 'one', 'SKILL.md')
    await expect(openSource(planted)).rejects.toMatchObject({ code: 'source_changed' })
  })

  it('takes neither links nor pipes, and waits for neither', async () => {
    using shop = openWorkshop()
    mkdirSync(shop.path('.'), { recursive: true })
    execFileSync('mkfifo', [shop.path('pipe')])
    symlinkSync('pipe', shop.path('link'))
    await expect(openRegular(shop.path('pipe'))).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(openRegular(shop.path('link'))).rejects.toMatchObject({ code: 'ELOOP' })
  })
})
