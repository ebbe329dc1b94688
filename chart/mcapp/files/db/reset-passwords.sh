#!/bin/sh
# Gives the roles app and postgres the passwords of the Secret before the server starts. This needs no old password:
# PostgreSQL's single-user mode has no login.
#
# Environment: PGDATA, APP_PASSWORD, POSTGRES_PASSWORD. APP_KEY and SUPERUSER_KEY name their keys in the Secret.
set -eu

# In single-user mode a line break ends the statement.
one_line() {
  [ "$2" = "$(printf '%s' "$2" | tr -d '\r\n')" ] && return
  echo "The password in the Secret's key $1 holds a line break; \`echo\` adds one. NOTHING WAS CHANGED." >&2
  echo "Write the key again with printf '%s' in the place of echo; this pod then starts by itself." >&2
  exit 1
}
one_line "${SUPERUSER_KEY:-superuser-password}" "$POSTGRES_PASSWORD"
one_line "${APP_KEY:-app-password}" "$APP_PASSWORD"

# On an empty volume initdb and init.sql set the passwords.
[ -s "$PGDATA/PG_VERSION" ] || exit 0

quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

status=0
said=$(
  postgres --single -c log_min_messages=error postgres 2>&1 <<END
ALTER ROLE app PASSWORD $(quoted "$APP_PASSWORD")
ALTER ROLE postgres PASSWORD $(quoted "$POSTGRES_PASSWORD")
END
) || status=$?
# An error does not end single-user mode. Its other lines repeat the statements with the passwords, so they stay hidden.
if printf '%s\n' "$said" | grep -E 'ERROR: |FATAL: |PANIC: ' >&2 || [ "$status" != 0 ]; then
  echo "The passwords could not be reset." >&2
  exit 1
fi
echo "The roles app and postgres have the passwords of the Secret."
