#!/bin/sh
# Gives the roles app and postgres the passwords of the revision that is about to come, before the Secret
# has them. Runs as the hook Job of an upgrade that changes a password, and of every rollback.
#
# Environment: PGHOST, PGDATABASE, and of both roles the password in the live Secret (LIVE_APP, LIVE_SUPERUSER)
# and the one to come (NEXT_APP, NEXT_SUPERUSER).
set -eu
export PGCONNECT_TIMEOUT=5

if [ "$LIVE_APP" = "$NEXT_APP" ] && [ "$LIVE_SUPERUSER" = "$NEXT_SUPERUSER" ]; then
  echo "The passwords stay as they are."
  exit 0
fi

tries=20
until pg_isready --quiet; do
  tries=$((tries - 1))
  if [ "$tries" = 0 ]; then
    echo "The database does not answer, so its passwords cannot be changed. NOTHING WAS CHANGED."
    echo "Bring it up first, or go on without this Job (--no-hooks) and set the passwords by hand."
    exit 1
  fi
  sleep 1
done

# The one to come is the right one already where an earlier try got so far.
for PGPASSWORD in "$LIVE_SUPERUSER" "$NEXT_SUPERUSER"; do
  export PGPASSWORD
  if psql --username=postgres --no-password --command='' 2>/dev/null; then
    # psql itself computes the SCRAM secret: no password crosses the network.
    printf '%s\n%s\n' "$NEXT_APP" "$NEXT_APP" | psql --username=postgres --no-password --command='\password app'
    printf '%s\n%s\n' "$NEXT_SUPERUSER" "$NEXT_SUPERUSER" |
      psql --username=postgres --no-password --command='\password postgres'
    echo "The passwords were changed in the database."
    exit 0
  fi
done
echo "The database rejects the password that the Secret holds for the role postgres. NOTHING WAS CHANGED."
echo "With --set db.auth.resetPasswords=true db takes over the Secret's passwords when it starts."
exit 1
