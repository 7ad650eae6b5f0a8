import { becomeInit } from './become-init.ts'
import { endProcess } from './end-process.ts'
import { launch } from './launch.ts'

becomeInit()
launch(process.env).then(endProcess, (error: unknown) => {
  console.error('agent-jobs launcher:', error)
  process.exit(125)
})
