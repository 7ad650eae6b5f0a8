// Inside this repository `@agent-jobs/adapter-kit/testing` is this file; the published package has `paperclip-context.ts` alone.
export { artefactTests } from './artefact-tests.ts'
export { packedAdapter } from './packed-adapter.ts'
export { paperclipContext, type Told } from './paperclip-context.ts'
export {
  eventually,
  exposeToPods,
  paperclipScripts,
  startPaperclip,
  type ApiAnswer,
  type PaperclipServer,
} from './paperclip-server.ts'
export { readmeTests } from './readme-tests.ts'
export { serverPlace, type ServerPlace } from './real-cluster.ts'
