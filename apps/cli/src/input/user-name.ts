import { userInfo } from 'node:os'

/** The name of this user; a container's arbitrary uid has none. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
