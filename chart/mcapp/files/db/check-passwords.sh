#!/bin/sh
# Stops the first start of a server whose passwords PostgreSQL would cut: initdb reads the superuser's as one line.
# On a volume with data they have no effect, so a server that runs today starts again.
#
# Environment: PGDATA, POSTGRES_PASSWORD, APP_PASSWORD, and REPLICATION_PASSWORD in mode ha. SUPERUSER_KEY, APP_KEY and
# REPLICATION_KEY name their keys in the Secret.
set -eu

one_line() {
  [ "$2" = "$(printf '%s' "$2" | tr -d '\r\n')" ] && return
  echo "The password in the Secret's key $1 holds a line break; \`echo\` adds one. NOTHING WAS CHANGED."
  echo "Write the key again with printf '%s' in the place of echo; this pod then starts by itself."
  exit 1
}

if ! [ -s "$PGDATA/PG_VERSION" ]; then
  one_line "${SUPERUSER_KEY:-superuser-password}" "$POSTGRES_PASSWORD"
  one_line "${APP_KEY:-app-password}" "$APP_PASSWORD"
  one_line "${REPLICATION_KEY:-replication-password}" "${REPLICATION_PASSWORD:-}"
fi
set +u
