import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { startGitServer, type GitServer } from '../server/git-server.ts'
import { connectGitHub, withDatabase } from '../server/paperclip-database.ts'
import { bridge } from '../server/paperclip-lab.ts'
import { commanded, workProgram } from './lab-scenarios.ts'
import { runAtWork } from './restart-tests.ts'
import type { PaperclipSuite } from './suite.ts'

const connectionToken = 'gho_connection0123456789abcdefghijklmnopqrs'
const userToken = 'ghp_ofTheUser0123456789abcdefghijklmnopqrstu'
const folder = '/paperclip/bin/git'

// Clones, commits and pushes a branch named after the task, and looks for tokens where none may be. The marks are split, so
// that the commands themselves do not match.
const program = `set -e
git_in() { git "$@" 2>&1; }
cd "$(mktemp -d)"
git_in clone -q https://github.com/acme/app.git app || echo CLONE-FAILED
[ -d app ] || git init -q app
cd app
echo work > work.txt
git add work.txt
git commit -q -m "Work in a pod"
echo "COMMITTED by $(git log -1 --format='%an <%ae>')"
git_in push -q origin "HEAD:refs/heads/$PAPERCLIP_TASK_ID" && echo PUSHED || echo PUSH-FAILED
mark=gho; mark="\${mark}_connection"
count() { grep -c "$mark" || true; }
echo "TOKENS env $(env | count) argv $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | count) files $(grep -rls "$mark" /tmp "$HOME" 2>/dev/null | wc -l)"
`

const work = (request: Parameters<Scenario>[0], wait: string) =>
  commanded(request, `${wait}sh ${folder}/work.sh; node ${workProgram}`)

/** The scenarios of these tests. */
export const gitScenarios: Readonly<Record<string, Scenario>> = {
  git: (request) => work(request, ''),
  'git-at-gate': (request) => commanded(request, `node ${workProgram} git-gate-1 && sh ${folder}/work.sh`),
}

/** Agents that commit and push, with and without credentials that Paperclip manages. */
export function gitTests(suite: PaperclipSuite): void {
  describe('with git', () => {
    let github: GitServer
    beforeAll(async () => {
      github = await startGitServer({ address: bridge, passwords: [connectionToken, userToken] })
      const own = join(suite.lab.place.folder, 'bin', 'git')
      mkdirSync(own, { recursive: true })
      chmodSync(own, 0o755)
      writeFileSync(join(own, 'work.sh'), program)
      writeFileSync(join(own, 'ca.pem'), github.ca)
    })
    afterAll(() => github.close())

    const hire = (name: string, scenario: string, env: Record<string, unknown> = {}) =>
      suite.hire(name, scenario, {
        image: 'local/agent:2',
        hostAliases: [{ ip: bridge, hostnames: ['github.com'] }],
        env: { GIT_SSL_CAINFO: `${folder}/ca.pem`, ...env },
      })
    const database = <T>(run: Parameters<typeof withDatabase<T>>[1]) =>
      withDatabase({ volume: suite.lab.place.folder, instance: suite.lab.place.namespace }, run)

    async function connect(agent: string): Promise<void> {
      const { board } = suite.lab
      const { id: secret } = await board.must<{ id: string }>('POST', `/api/companies/${board.company}/secrets`, {
        name: `github-${agent}`,
        value: connectionToken,
      })
      await database((sql) => connectGitHub(sql, { company: board.company, agent, secret, login: 'octo', userId: '7' }))
    }

    async function finishedWork(agent: string, issue: string, after: readonly string[] = []) {
      const { board } = suite.lab
      const run = await board.finished(agent, after)
      const log = await board.log(run.id)
      expect(run, log).toMatchObject({ status: 'succeeded' })
      expect(log).not.toContain(connectionToken)
      expect(log).not.toContain(userToken)
      return { run, log, head: github.head(issue) }
    }
    const author = '7+octo@users.noreply.github.com'

    it("clones, commits as the connection's author and pushes, with no token in environment, arguments, files or log", async () => {
      const { board } = suite.lab
      const agent = await hire('Gita', 'git')
      await connect(agent)
      const issue = await board.assign(agent, 'Push with the connection')
      const { log, head } = await finishedWork(agent, issue)
      expect(log).toContain(`COMMITTED by octo <${author}>`)
      expect(log).toContain('PUSHED')
      expect(log).toContain('TOKENS env 0 argv 0 files 0')
      expect(head).toBe(`octo <${author}> Work in a pod`)
      expect(github.pushes).toContain(connectionToken)
      await board.issueIn(issue, 'done')
    })

    it("commits under the agent's own name without a connection, and pushes with the user's own token", async () => {
      const { board } = suite.lab
      const helper = '!f() { echo username=x; echo "password=$GITHUB_TOKEN"; }; f'
      const agent = await hire('Gus', 'git', {
        GITHUB_TOKEN: userToken,
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'credential.helper',
        GIT_CONFIG_VALUE_0: helper,
      })
      const issue = await board.assign(agent, 'Push with a token of my own')
      const { log, head } = await finishedWork(agent, issue)
      expect(log).toContain(`COMMITTED by Gus <${agent}@agents.invalid>`)
      expect(head, log).toBe(`Gus <${agent}@agents.invalid> Work in a pod`)
      expect(github.pushes).toContain(userToken)
    })

    it('commits, but gets no credentials, where a connection grants this agent none', async () => {
      const { board } = suite.lab
      const agent = await hire('Gwen', 'git')
      await connect(agent)
      await database((sql) => sql.unsafe('delete from connection_grants where subject_agent_id = $1', [agent]))
      const issue = await board.assign(agent, 'Push without a grant')
      const { log, head } = await finishedWork(agent, issue)
      expect(log).toContain(`COMMITTED by Gwen <${agent}@agents.invalid>`)
      expect(log).toContain('PUSH-FAILED')
      expect(head).toBe('')
    })

    it('pushes with the right of the run that adopted its Job after a kill -9', async () => {
      const { lab } = suite
      const { board } = lab
      const agent = await hire('Gil', 'git-at-gate')
      await connect(agent)
      const issue = await board.assign(agent, 'Push after a crash')
      const lost = await runAtWork(suite, { board, agent, issue })
      await lab.restart('SIGKILL')
      const adopted = await eventually(async () => {
        const [latest] = await board.runs(agent)
        return latest !== undefined && latest.id !== lost && latest.status === 'running' ? latest : null
      }, 'the run that adopts the Job')
      await eventually(
        async () => ((await board.logSoFar(adopted.id)).includes('Reattached to K8s Job') ? true : null),
        'the adoption',
      )
      lab.openGate('git-gate-1')
      const { log, head } = await finishedWork(agent, issue, [lost])
      expect(log).toContain('PUSHED')
      expect(head).toBe(`octo <${author}> Work in a pod`)
    })
  })
}
