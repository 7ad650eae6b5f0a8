import { endAs, startOpencode } from './start-opencode.ts'

const [folder = '', resume, lockWaitMs, ...argv] = process.argv.slice(2)
const order = { folder, resume: resume === 'resume', lockWaitMs: Number(lockWaitMs), argv, env: process.env }
startOpencode(order, (line) => void process.stderr.write(`${line}\n`)).then(endAs, (error: unknown) => {
  process.stderr.write(`agent-jobs: OpenCode could not be started: ${String(error)}\n`)
  process.exitCode = 1
})
