import { shellCall, type ModelRequest, type Reply, type ReplyBlock, type Scenario } from '@agent-jobs/scripted-model'

/** Path in pods of the program that does an agent's work. */
export const workProgram = '/paperclip/bin/work.cjs'

/**
 * The agent's work: it records on the volume that it was working, waits for a file if given one, and closes its issue
 * through Paperclip's API, whose address is in its environment. It prints what it had and the answers it got.
 */
export const workSource = `const fs = require('node:fs')
const { PAPERCLIP_API_URL: url, PAPERCLIP_API_KEY: key, PAPERCLIP_RUN_ID: run, PAPERCLIP_TASK_ID: task } = process.env
const [gate] = process.argv.slice(2)
const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + key, 'x-paperclip-run-id': run }
async function opened(folder, name) {
  const watch = fs.watch(folder)
  try {
    await new Promise((resolve) => {
      const look = () => fs.existsSync(folder + '/' + name) && resolve()
      watch.on('change', look)
      look()
    })
  } finally { watch.close() }
}
async function main() {
  fs.appendFileSync('/paperclip/work/' + task + '.txt', run + '\\n')
  if (gate) await opened('/paperclip/gates', gate)
  const seen = await fetch(url + '/api/issues/' + task, { headers })
  const body = JSON.stringify({ status: 'done', comment: 'Done from the pod.' })
  const told = await fetch(url + '/api/issues/' + task, { method: 'PATCH', headers, body })
  const said = told.ok ? '' : await told.text()
  console.log('WORK', JSON.stringify({ url, token: String(key).startsWith('ey'), seen: seen.status, told: told.status, said }))
}
main().catch((error) => { console.log('WORK FAILED', error.message, String(error.cause)); process.exitCode = 1 })
`

/** The model's call of a command, in the agent's own format. */
export function commandBlock(request: ModelRequest, command: string): ReplyBlock {
  return shellCall(request, command, 'Work', 300_000)
}

/** A command, then text: one turn of an agent's conversation. */
export function commanded(request: ModelRequest, command: string): Reply {
  if (request.side) return { kind: 'message', blocks: [{ type: 'text', text: 'A title' }] }
  if (request.step > 0) return { kind: 'message', blocks: [{ type: 'text', text: 'That is done.' }] }
  return { kind: 'message', blocks: [commandBlock(request, command)] }
}

/** The agent closes its issue. */
export const closeIssue: Scenario = (request) => commanded(request, `node ${workProgram}`)

/** The agent closes its issue when this gate opens, within the time limit of its command. */
export const closeAtGate =
  (gate: string): Scenario =>
  (request) =>
    commanded(request, `node ${workProgram} ${gate}`)

/** After some work the model never answers again: there is something to keep, and something to cancel. */
export const workAndHang: Scenario = (request) => {
  if (request.side || request.step === 0) return commanded(request, 'echo at work')
  return { kind: 'hang' }
}
