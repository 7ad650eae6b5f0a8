export { parsePolicy } from './policy/operator-policy.ts'
export { freshState } from './restart/process-state.ts'
