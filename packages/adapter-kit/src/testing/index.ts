// Inside this repository `@agent-jobs/adapter-kit/testing` is this file; the published package has `paperclip-context.ts` alone.
export { adapterConformance } from './adapter-conformance.ts'
export { artefactTests } from './artefact-tests.ts'
export type { ConformanceAgent } from './conformance-agent.ts'
export { miniPaperclipPlace } from './mini-paperclip-place.ts'
export { npmProgram } from './npm-program.ts'
export { packedAdapter } from './packed-adapter.ts'
export { paperclipContext, type Told } from './paperclip-context.ts'
export type { PaperclipPlace } from './paperclip-place.ts'
export {
  eventually,
  exposeToPods,
  paperclipScripts,
  startPaperclip,
  type ApiAnswer,
  type PaperclipServer,
} from './paperclip-server.ts'
export { readmeTests } from './readme-tests.ts'
export { realPaperclipPlace } from './real-paperclip-place.ts'
export { serverPlace, type ServerPlace } from './real-cluster.ts'
