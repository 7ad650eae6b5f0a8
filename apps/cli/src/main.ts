import { processTerminal } from './output/terminal.ts'

const args = process.argv.slice(2)
// Asked by scripts and prompts again and again, so it does without the command line's parser.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { ownVersion } = await import('./version.ts')
  processTerminal(process).out(`${ownVersion()}\n`)
} else {
  const { runCli } = await import('./run-cli.ts')
  process.exitCode = await runCli(args, processTerminal(process))
}
