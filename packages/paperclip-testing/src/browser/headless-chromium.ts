import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Browser } from 'playwright-core'
import { installFolder } from '../server/paperclip-install.ts'

const run = promisify(execFile)

// A build with its own copy of each library that it needs, in an npm package, for Linux on x64.
const npmPackage = '@sparticuz/chromium@153.0.0'
const unpack = `import('@sparticuz/chromium').then(async ({ default: chromium }) => {
  chromium.setGraphicsMode = false
  await chromium.executablePath()
})`

const fontsIn = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'font-cache')}</cachedir>
</fontconfig>
`

async function installed(): Promise<{ program: string; env: Record<string, string> }> {
  const own = process.env['CHROMIUM']
  if (own !== undefined) return { program: own, env: {} }
  const folder = join(installFolder, 'chromium')
  const program = join(folder, 'chromium')
  const fonts = join(folder, 'fonts.conf')
  // Written last, so that an interrupted installation is repeated.
  if (!existsSync(fonts)) {
    mkdirSync(folder, { recursive: true })
    // It unpacks below TMPDIR, and unpacks its libraries only on a machine that it recognizes as its own.
    const env = { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', npmPackage], {
      env,
    })
    await run(process.execPath, ['--input-type=module', '-e', unpack], { cwd: folder, env })
    writeFileSync(fonts, fontsIn(folder))
  }
  return { program, env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: fonts } }
}

/** Starts a headless Chromium: the one in CHROMIUM, or one from npm, which is kept next to Paperclip's installation. */
export async function launchChromium(): Promise<Browser> {
  const { program, env } = await installed()
  return chromium.launch({
    executablePath: program,
    env: { ...process.env, ...env },
    args: [
      '--headless',
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
