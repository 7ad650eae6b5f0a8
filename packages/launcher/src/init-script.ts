/** Marks that a shell runs between the container's environment and the launcher's. */
export const initMarker = 'AGENT_JOBS_INIT'

/**
 * A container's first process as a shell: its `$0` is node, which runs the launcher. `wait` reaps every process that the
 * first one inherits, in dash, busybox and bash alike, which node cannot do: it only waits for processes that it started
 * itself. A trap ends `wait` early, so it is repeated until no signal came. If the launcher was already collected by
 * then, the second `wait` returns 127 and the first status counts. Its variables have a prefix: setting one that the
 * container has too would change it for the launcher.
 */
export const initScript = `aj_p=;aj_s=;aj_c=
f(){ aj_s=$1;[ -z "$aj_p" ]||kill -"$1" "$aj_p" 2>/dev/null;}
for aj_n in TERM INT HUP USR1;do trap "f $aj_n" $aj_n;done
${initMarker}=1 "$0" -e 'eval(process.env.AGENT_JOBS_LAUNCHER)' & aj_p=$!
[ -z "$aj_s" ]||kill -"$aj_s" "$aj_p"
while :;do aj_s=;wait "$aj_p";aj_r=$?
[ "$aj_r" = 127 ]&&[ "$aj_c" ]||aj_c=$aj_r;[ "$aj_s" ]||break;done
exit "$aj_c"`
