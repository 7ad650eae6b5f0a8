// Takes the pictures of the documentation: a real Paperclip, an agent whose run is a Job of the cluster at hand, and its UI in a
// headless Chromium. usage: KUBECONFIG=… pnpm screenshots [FOLDER]; needs ../shared/paperclip and Debian's package chromium.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { commanded, workProgram } from '../packages/adapter-kit/src/testing/paperclip/lab-scenarios.ts'
import { packAdapter } from '../packages/adapter-kit/src/testing/paperclip/pack-adapter.ts'
import { openPodLab } from '../packages/adapter-kit/src/testing/paperclip/pod-lab.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = process.argv[2] ?? join(root, 'docs', 'pictures')
const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
if (!existsSync(program)) throw new Error(`There is no Chromium at ${program}. Install it, or name it in CHROMIUM.`)
mkdirSync(folder, { recursive: true })

const adapter = join(root, 'packages', 'adapter-claude-k8s')
const lab = await openPodLab({
  namespace: 'paperclip-pictures',
  deploy: join(adapter, 'deploy'),
  tarball: await packAdapter(adapter),
  serverEnv: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789' },
  scenarios: {
    tidy: (request) => {
      if (request.step === 0 && !request.side) {
        return {
          kind: 'message',
          blocks: [
            { type: 'thinking', text: 'The changelog is short; I look at it before I close the issue.' },
            { type: 'text', text: 'I look at what is there first.' },
            {
              type: 'tool',
              name: 'Bash',
              input: { command: 'ls -la && node --version', description: 'Look around' },
            },
          ],
        }
      }
      if (request.step === 1) return commanded({ ...request, step: 0 }, `node ${workProgram}`)
      if (request.step === 2) {
        const text = '## Done\n\n- The changelog names **three** changes.\n- The issue is closed.\n'
        return { kind: 'message', blocks: [{ type: 'text', text }] }
      }
      return commanded(request, 'true')
    },
  },
})
const browser = await chromium.launch({
  executablePath: program,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
/** What the browser complained of. */
const problems = new Set<string>()
try {
  const { board, server, cookie } = lab
  const agent = await board.hire('Ada', 'claude_k8s', {
    ...lab.settings,
    env: { ANTHROPIC_BASE_URL: lab.scenarioUrl('tidy'), SHELL: '/paperclip/bin/bash' },
  })
  const issue = await board.assign(agent, 'Tidy up the changelog', 'Say what changed since the last release.')
  const run = await board.finished(agent, [], 300_000)
  await board.issueIn(issue, 'done')
  console.log(`run ${run.id} is ${run.status}`)
  const { issuePrefix } = await board.must<{ issuePrefix: string }>('GET', `/api/companies/${board.company}`)
  const { identifier } = await board.must<{ identifier: string }>('GET', `/api/issues/${issue}`)

  const context = await browser.newContext({ viewport: { width: 1280, height: 1100 } })
  await context.addCookies(
    cookie.split('; ').map((each) => {
      const [name = '', ...value] = each.split('=')
      return { name, value: value.join('='), url: server.url }
    }),
  )
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.add(`${message.text()} (${message.location().url})`)
  })
  /** Takes a picture of a page when something of it is seen; Chromium drops its connections when a pod's network comes or goes. */
  async function picture(name: string, path: string, show: (page: Page) => Promise<unknown>): Promise<void> {
    for (let left = 2; ; left -= 1) {
      try {
        await page.goto(`${server.url}/${issuePrefix}${path}`, { waitUntil: 'domcontentloaded' })
        await show(page)
        break
      } catch (error) {
        if (left > 0) continue
        problems.add(`${name}: ${error instanceof Error ? error.message : String(error)}`)
        process.exitCode = 1
        await page.screenshot({ path: join(folder, `${name}-failed.png`) })
        return
      }
    }
    await page.screenshot({ path: join(folder, `${name}.png`) })
    console.log(join(folder, `${name}.png`))
  }
  const seen = (text: string) => page.getByText(text).first().waitFor({ timeout: 20_000 })
  await picture('new-agent', '/agents/new', async () => {
    await page.getByRole('textbox').first().fill('Ada')
    await page.getByText('Choose adapter').first().click()
    await page.getByText('Claude K8s').first().click()
    await page.getByText('Configure agent').first().click()
    await page.getByText('Run test').first().click()
    await page.getByText('Test details').first().click({ timeout: 30_000 })
    await seen('permission')
  })
  await picture('agent-settings', `/agents/${agent}/runtime`, async () => {
    await seen('Namespace')
    await page
      .getByText('Configuration', { exact: true })
      .first()
      .evaluate((heading) => heading.scrollIntoView())
  })
  await picture('run', `/agents/${agent}/runs/${run.id}`, async () => {
    await seen('Transcript')
    await seen('succeeded')
  })
  await picture('issue', `/issues/${identifier}`, () => seen('Tidy up the changelog'))
} finally {
  await browser.close()
  await lab.close()
}
for (const problem of problems) console.error(`the browser said: ${problem}`)
