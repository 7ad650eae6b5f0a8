export { AdapterError, messageOf } from './adapter-error.ts'
