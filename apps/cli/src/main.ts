import { processTerminal } from './output/terminal.ts'

const args = process.argv.slice(2)
const terminal = processTerminal(process)
// Called often by scripts, prompts and shells, so these skip the command line parser.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { ownVersion } = await import('./version.ts')
  terminal.out(`${ownVersion()}\n`)
} else if (args[0] === '__complete') {
  const { complete } = await import('./complete.ts')
  await complete(args[1] ?? '', args.slice(2), terminal)
} else {
  const { runCli } = await import('./run-cli.ts')
  process.exitCode = await runCli(args, terminal)
}
