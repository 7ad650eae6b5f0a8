#!/bin/sh
# A coding agent in miniature: it reads a task, prints one JSON event per line, and ends with a result.
read -r task
echo '{"event":"start","model":"countdown-1"}'
for n in ${task#count down from }; do
  while [ "$n" -gt 0 ]; do
    echo "{\"event\":\"say\",\"text\":\"$n\"}"
    n=$((n - 1))
  done
done
case $task in
  *fail*) echo '{"event":"error","text":"nothing to count"}'; exit 1 ;;
esac
echo '{"event":"result","text":"lift-off","tokens":7}'
