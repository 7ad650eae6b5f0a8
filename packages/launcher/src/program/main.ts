import { becomeInit } from './become-init.ts'
import { launch } from './launch.ts'

becomeInit()
launch(process.env).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error('agent-jobs launcher:', error)
    process.exit(125)
  },
)
