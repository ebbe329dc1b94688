#!/bin/sh
# One server on a volume at a time: a pod that is deleted with no grace is replaced while its container still
# shuts down. The lock is held as long as this process, what it becomes and its children.
set -e
# A shell that is a container's first process does not end of itself.
trap 'exit 143' INT TERM
exec 9>>"${PGDATA%/*}/.mcapp-lock"
flock -n 9 || {
  echo "Waiting for the container that still uses the volume to end."
  flock 9 & wait $!
}
trap - INT TERM
