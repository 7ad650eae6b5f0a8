import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

const settings = {
  module: 'nodenext',
  target: 'esnext',
  lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
  strict: true,
  noEmit: true,
  // Our own types are checked, too; complaints about others' are left out below.
  skipLibCheck: false,
}

/** What TypeScript says of files in a consumer's folder, each as one line; complaints about others' packages left out. */
export async function checkTypes(
  folder: string,
  files: readonly string[],
  types: readonly string[],
): Promise<string[]> {
  const project = join(folder, `tsconfig.${types.join('-') || 'bare'}.json`)
  await writeFile(project, JSON.stringify({ compilerOptions: { ...settings, types }, files }))
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [compiler, '-p', project, '--pretty', 'false'], { cwd: folder }, (error, stdout) => {
      // TypeScript exits with 1 or 2 if there are errors; any other code is unexpected.
      if (error && error.code !== 1 && error.code !== 2) reject(error)
      else resolve(stdout)
    })
  })
  const lines = printed.split('\n').filter((line) => /\berror TS\d+/.test(line))
  return lines.filter((line) => !line.startsWith('node_modules/') || line.startsWith('node_modules/@agent-jobs/'))
}
