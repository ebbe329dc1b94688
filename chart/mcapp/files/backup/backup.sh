#!/bin/sh
# Makes a backup on the backup volume, lists those that are there, or checks one (NAME): by the CronJob's schedule,
# or for scripts/backup.py. A backup is a folder: archive.dump, manifest.json and SHA256SUMS. It gets its name when it
# is whole, so that a half-made one is never taken for one.
#
# Environment: BACKUPS, the volume's folder; SCRIPTS, that of backup.sql; KEEP, how many of them stay; PGHOST,
# PGUSER, PGPASSWORD, PGDATABASE; RELEASE, NAMESPACE, CHART_VERSION, APP_VERSION.
set -eu
cd "$BACKUPS"

# A network policy lets a new pod through a moment after its start; and a database may be on its way up.
await_server() {
  tries=60
  until pg_isready --quiet; do
    tries=$((tries - 1))
    [ "$tries" != 0 ] || { pg_isready >&2 || true; exit 1; }
    sleep 1
  done
}

create() {
  exec 9>.lock
  flock --nonblock 9 || { echo "Another backup is being made." >&2; exit 1; }
  # Nobody else is at work: what is unfinished is left from a run that died.
  rm -rf .partial .old
  trap 'rm -rf "$BACKUPS/.partial"' EXIT
  mkdir .partial
  await_server
  NAME=$RELEASE-$(date -u +%Y%m%dT%H%M%SZ)
  ARCHIVE=$BACKUPS/.partial/archive.dump
  export NAME ARCHIVE
  psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --file="$SCRIPTS/backup.sql" >.partial/manifest.json
  (cd .partial && sha256sum archive.dump manifest.json >SHA256SUMS && sync ./*)
  mv .partial "$NAME"
  sync .
  echo "Made $NAME, $(stat -c %s "$NAME/archive.dump") bytes."
}

# Leaves the new one, whatever the clock says, and the newest whole ones beside it; their names sort by their time.
discard() {
  for folder in "./$RELEASE"-*Z; do
    if [ -e "$folder/SHA256SUMS" ] && [ "$folder" != "./$NAME" ]; then echo "$folder"; fi
  done | sort -r | tail -n "+$KEEP" |
    while IFS= read -r old; do
      mv "$old" .old
      rm -rf .old
      echo "Removed ${old#./}."
    done
}

# One line for each: its archive's bytes, a blank, its manifest.
list() {
  for manifest in ./*/manifest.json; do
    folder=${manifest%/manifest.json}
    if [ -e "$folder/SHA256SUMS" ]; then
      printf '%s %s\n' "$(stat -c %s "$folder/archive.dump")" "$(cat "$manifest")"
    fi
  done
}

check() {
  cd "$NAME"
  [ "$(cut -c 67- SHA256SUMS | sort | tr '\n' ' ')" = "archive.dump manifest.json " ]
  sha256sum --check --quiet --strict SHA256SUMS
}

case ${1:-} in
  # On two lines: after `&&` a failure would no longer end the script.
  create)
    create
    discard
    ;;
  list) list ;;
  check) check ;;
  await) await_server ;;
  *) echo "usage: backup.sh create|list|check|await" >&2; exit 2 ;;
esac
