#!/bin/bash
# The contract of the official image's entrypoint, as far as the chart uses it: on an empty PGDATA run
# initdb and /docker-entrypoint-initdb.d on a server without TCP, then become the real server.
set -euo pipefail

[[ ${1:-postgres} == -* ]] && set -- postgres "$@"
if [[ $1 != postgres || -s $PGDATA/PG_VERSION ]]; then exec "$@"; fi

: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD to the superuser\'s password}"
export PGUSER=${POSTGRES_USER:-postgres} PGPASSWORD=$POSTGRES_PASSWORD
database=${POSTGRES_DB:-$PGUSER}

# In a folder beside PGDATA, renamed at the end: a start that is cut short begins anew, not half-way.
fresh=$PGDATA.init
rm -rf "$fresh"
# shellcheck disable=SC2086 # POSTGRES_INITDB_ARGS is a list of words
initdb --pgdata="$fresh" --username="$PGUSER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
printf '\nhost all all all scram-sha-256\n' >>"$fresh/pg_hba.conf"
cat >>"$fresh/postgresql.conf" <<END
listen_addresses = '*'
unix_socket_directories = '$PGHOST'
END

pg_ctl --pgdata="$fresh" --wait --options="-c listen_addresses=" start
[[ $database == postgres ]] || createdb --maintenance-db=postgres "$database"
for script in /docker-entrypoint-initdb.d/*.sql; do
  [[ -e $script ]] || continue
  echo "running $script"
  psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --dbname="$database" --file="$script"
done
pg_ctl --pgdata="$fresh" --wait --mode=fast stop
rmdir "$PGDATA" 2>/dev/null || true
mv "$fresh" "$PGDATA"

unset PGUSER PGPASSWORD
exec "$@"
