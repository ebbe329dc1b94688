#!/bin/sh
# Gives the roles app and postgres, and replicator in mode ha, the passwords of the next revision before the Secret has
# them. Runs as the hook Job of an upgrade that changes a password, and of every rollback.
#
# Environment: PGHOST and PGDATABASE; each role's password in the live Secret (LIVE_APP, LIVE_SUPERUSER,
# LIVE_REPLICATION) and its next one (NEXT_APP, NEXT_SUPERUSER, NEXT_REPLICATION). Only mode ha has
# NEXT_REPLICATION; LIVE_REPLICATION tells whether the database is in it.
# ROLLBACK_TO is the db.mode of this Job's own revision, or "move" in the middle of a move to another one.
# SUPERUSER_KEY, APP_KEY and REPLICATION_KEY name their keys in the Secret.
# The CA's certificate, where it is mounted, is that of the server which runs now; else that may be one without TLS.
set -eu
export PGCONNECT_TIMEOUT=5
ca=/etc/mcapp/db-ca/ca.crt
if [ -s "$ca" ]; then export PGSSLMODE=verify-full PGSSLROOTCERT="$ca"; fi

# psql itself computes the SCRAM secret: no password crosses the network.
set_password() {
  printf '%s\n%s\n' "$2" "$2" | psql --username=postgres --no-password --command="\\password $1"
}

one_line() {
  [ "$2" = "$(printf '%s' "$2" | tr -d '\r\n')" ] && return
  echo "The password for the Secret's key $1 holds a line break; \`echo\` adds one. NOTHING WAS CHANGED."
  echo "Give it without one (printf '%s' in the place of echo)."
  exit 1
}

# A rollback renders nothing, so no check of the chart sees that it leads to another mode, whose volumes lack the data.
if [ "${ROLLBACK_TO:-}" = move ]; then
  echo "This revision is from the middle of a move to another db.mode. NOTHING WAS CHANGED."
  echo "Choose another one (helm history), or go on with the move: python scripts/movedb.py"
  exit 1
fi
live=standalone
if [ -n "${LIVE_REPLICATION:-}" ]; then live=ha; fi
if [ "${ROLLBACK_TO:-$live}" != "$live" ]; then
  echo "The database is in db.mode $live, and this revision is of $ROLLBACK_TO. NOTHING WAS CHANGED."
  echo "Only a move takes the data along: python scripts/movedb.py --to $ROLLBACK_TO"
  exit 1
fi

LIVE="$LIVE_APP $LIVE_SUPERUSER ${LIVE_REPLICATION:-}"
if [ "$LIVE" = "$NEXT_APP $NEXT_SUPERUSER ${NEXT_REPLICATION:-}" ]; then
  echo "The passwords stay as they are."
  exit 0
fi

# psql reads a password as one line.
one_line "${SUPERUSER_KEY:-superuser-password}" "$NEXT_SUPERUSER"
one_line "${APP_KEY:-app-password}" "$NEXT_APP"
one_line "${REPLICATION_KEY:-replication-password}" "${NEXT_REPLICATION:-}"

tries=20
until pg_isready --quiet; do
  tries=$((tries - 1))
  if [ "$tries" = 0 ]; then
    echo "The database does not answer, so its passwords cannot be changed. NOTHING WAS CHANGED."
    echo "Bring it up first, or go on without this Job (--no-hooks, never with another db.mode) and set them by hand."
    exit 1
  fi
  sleep 1
done

# After an earlier attempt the next password may be the right one already.
for PGPASSWORD in "$LIVE_SUPERUSER" "$NEXT_SUPERUSER"; do
  export PGPASSWORD
  if said=$(psql --username=postgres --no-password --command='' 2>&1); then
    set_password app "$NEXT_APP"
    # Members that have not restarted yet keep their open connections.
    if [ -n "${NEXT_REPLICATION:-}" ]; then set_password replicator "$NEXT_REPLICATION"; fi
    set_password postgres "$NEXT_SUPERUSER"
    echo "The passwords were changed in the database."
    exit 0
  fi
  case $said in
    *SSL* | *certificate*)
      echo "The database does not show the certificate that is expected of it: $said"
      echo "NOTHING WAS CHANGED. Change the passwords and db.tls in two upgrades."
      exit 1
      ;;
  esac
done
# The live password may be right but for its end.
one_line "${SUPERUSER_KEY:-superuser-password}" "$LIVE_SUPERUSER"
echo "The database rejects the password that the Secret holds for the role postgres. NOTHING WAS CHANGED."
echo "With --set db.auth.resetPasswords=true db takes over the Secret's passwords when it starts."
exit 1
