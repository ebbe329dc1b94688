#!/bin/sh
# Tells whether the server takes connections, and before that lets it read a certificate that was renewed: it reads one
# only when it is told to. Runs as the readiness probe, so the first process is the server already. A loop beside it
# would be its child, and the server ends every session when a child that it does not know is killed.
#
# Argument: the database.
set -eu
known=/var/run/postgresql/.certificate
now=$(cksum </etc/mcapp/db-tls/tls.crt)
if [ "$now" != "$(cat "$known" 2>/dev/null)" ]; then
  kill -HUP 1
  printf '%s\n' "$now" >"$known"
fi
exec pg_isready -q -h 127.0.0.1 -U postgres -d "$1"
