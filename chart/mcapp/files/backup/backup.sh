#!/bin/sh
# Makes a backup on the backup volume, lists the backups there, or checks one of them (NAME). The CronJob and
# scripts/backup.py run it. A backup is a folder with archive.dump, manifest.json and SHA256SUMS. The folder gets its
# name when the backup is complete, so an incomplete one is never listed.
#
# Environment: BACKUPS, the volume's folder; SCRIPTS, the folder of backup.sql; KEEP, how many backups stay; PGHOST,
# PGUSER, PGPASSWORD, PGDATABASE; RELEASE, NAMESPACE, CHART_VERSION, APP_VERSION. PASSWORD_KEY names the password's key in
# its Secret.
set -eu
cd "$BACKUPS"

# A network policy lets a new pod through a moment after its start, and the database may still be starting.
await_server() {
  tries=60
  until pg_isready --quiet; do
    tries=$((tries - 1))
    [ "$tries" != 0 ] || { pg_isready >&2 || true; exit 1; }
    sleep 1
  done
}

# The server's password is one line: initdb read it so.
check_password() {
  [ "$PGPASSWORD" = "$(printf '%s' "$PGPASSWORD" | tr -d '\r\n')" ] || {
    echo "The password in the Secret's key ${PASSWORD_KEY:-superuser-password} holds a line break; \`echo\` adds one." >&2
    echo "No backup was made. Write the key again with printf '%s' in the place of echo." >&2
    exit 1
  }
}

create() {
  check_password
  exec 9>.lock
  flock --nonblock 9 || { echo "Another backup is being made." >&2; exit 1; }
  # This process has the lock, so an incomplete backup is left from a run that died.
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

# Keeps the new backup, even if the clock was wrong, and the newest of the other complete ones. Names sort by time.
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

# Prints a line for each backup: the size of its archive in bytes, a blank, its manifest.
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
  # On two lines, since `create && discard` would switch `set -e` off inside of create.
  create)
    create
    discard
    ;;
  list) list ;;
  check) check ;;
  await) await_server ;;
  *) echo "usage: backup.sh create|list|check|await" >&2; exit 2 ;;
esac
