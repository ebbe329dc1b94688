-- Dumps the connected database in pg_dump's custom format, then prints its manifest as one line of JSON. Both show the
-- database at the same moment, whatever is written meanwhile.
-- Environment: NAME, RELEASE, NAMESPACE, CHART_VERSION, APP_VERSION. ARCHIVE is the file of the archive; without it the
-- archive goes to standard output.
\set QUIET on
\getenv name NAME
\getenv release RELEASE
\getenv namespace NAMESPACE
\getenv chart CHART_VERSION
\getenv app APP_VERSION

BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot

-- The fingerprint comes first: it locks every table against a change of structure until the dump is made.
\o /dev/null
\ir fingerprint.sql
\o

-- The dump may take longer than the server lets a transaction be idle.
SET LOCAL idle_in_transaction_session_timeout = 0;
\! pg_dump --format=custom --no-password --snapshot="$SNAPSHOT" ${ARCHIVE:+--file="$ARCHIVE"}
\if :SHELL_ERROR
  DO $$ BEGIN RAISE 'pg_dump failed'; END $$;
\endif
\getenv archive ARCHIVE
\if :{?archive}
\else
  -- The archive went to standard output, as the manifest does, and does not end with a newline.
  \echo
\endif

SELECT jsonb_build_object(
  'format', 1,
  'name', :'name',
  'created', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'release', :'release',
  'namespace', :'namespace',
  'chart', :'chart',
  'app', :'app',
  'database', current_database(),
  'databaseBytes', pg_database_size(current_database()),
  'server', current_setting('server_version'),
  'serverNumber', current_setting('server_version_num')::int,
  'fingerprint', current_setting('mcapp.fingerprint')::jsonb,
  -- Transactions do not isolate sequences: the dump's value is between the fingerprint's and this one.
  'sequencesUntil', (
    SELECT coalesce(jsonb_object_agg(format('%I.%I', schemaname, sequencename), last_value + increment_by), '{}')
    FROM pg_sequences WHERE last_value IS NOT NULL)
);
COMMIT;
