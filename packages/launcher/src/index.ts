export { programText } from './program-text.generated.ts'
