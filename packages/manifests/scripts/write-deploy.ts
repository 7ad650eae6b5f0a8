// Writes `charts/` and `deploy/`: the Helm chart, plain YAML and Kustomize bases. A test fails while they are stale.
import { deployFiles } from './deploy-files.ts'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
for (const folder of ['charts/paperclip-agent-jobs', 'deploy'])
  await rm(join(root, folder), { recursive: true, force: true })
for (const [path, content] of Object.entries(await deployFiles())) {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), content)
}
