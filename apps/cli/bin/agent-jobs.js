#!/usr/bin/env sh
':' //; exec node -- "$0" "$@"
// Node reads its own options, `--env-file` among them, from the whole command line up to a `--`: started as `node FILE`, it
// would load the file that a user means for the agent, and obey a NODE_OPTIONS in it. The shell reads the line above; for
// JavaScript it is a string and a comment. This file must parse on any Node, so that an old one gets a sentence.

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `error: agent-jobs needs Node.js 22.19 or newer, and this is ${process.versions.node} (${process.execPath}). Install a newer one from https://nodejs.org, or run: npx -p node@24 -p @agent-jobs/cli agent-jobs`,
  )
  process.exitCode = 1
} else {
  import('../dist/main.js')
}
