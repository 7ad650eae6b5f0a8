import { accessSync, constants } from 'node:fs'
import { hiddenVariables } from './child-env.ts'

/**
 * What process 1 becomes; its `$0` is node. `wait` reaps every process that init inherits, in dash, busybox and bash
 * alike, which node cannot do: it only waits for processes that it started itself. A trap ends `wait` early, so it is
 * repeated until no signal came. When the launcher was already collected by then, the second `wait` says 127 and the
 * first status stands.
 */
export const initScript = `p=;s=;c=
f(){ s=$1;[ -z "$p" ]||kill -"$1" "$p" 2>/dev/null;}
for n in TERM INT HUP USR1;do trap "f $n" $n;done
"$0" -e 'eval(process.env.AGENT_JOBS_LAUNCHER)' & p=$!
[ -z "$s" ]||kill -"$s" "$p"
while :;do s=;wait "$p";r=$?;[ "$r" = 127 ]&&[ "$c" ]||c=$r;[ "$s" ]||break;done
exit "$c"`

/**
 * As the first process of a container, turns into a small shell that runs the launcher, passes signals on to it and
 * reaps orphans; then this function does not return. Without a shell, or on a Node older than 22.15 (no
 * `process.execve`), the launcher goes on as the first process itself: all but the reaping works.
 */
export function becomeInit(): void {
  if (process.pid !== 1 || typeof process.execve !== 'function') return
  try {
    // Checked first because node aborts when execve fails.
    accessSync('/bin/sh', constants.X_OK)
  } catch {
    return
  }
  process.execve('/bin/sh', ['sh', '-c', initScript, process.execPath], hiddenVariables(process.env))
}
