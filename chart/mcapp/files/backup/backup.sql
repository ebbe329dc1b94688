-- Dumps the database that one is connected to in pg_dump's custom format, and prints its manifest, one line of
-- JSON, after it. Both see the database at the same moment, whatever is written meanwhile.
-- Environment: NAME, RELEASE, NAMESPACE, CHART_VERSION, APP_VERSION; ARCHIVE is the file of the archive, which
-- goes to standard output without it.
\set QUIET on
\getenv name NAME
\getenv release RELEASE
\getenv namespace NAMESPACE
\getenv chart CHART_VERSION
\getenv app APP_VERSION

BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot

-- First, since it leaves every table locked against a change of its form until the dump is made.
\o /dev/null
\ir fingerprint.sql
\o

-- The dump may take longer than the server lets a transaction idle.
SET LOCAL idle_in_transaction_session_timeout = 0;
\! pg_dump --format=custom --no-password --snapshot="$SNAPSHOT" ${ARCHIVE:+--file="$ARCHIVE"}
\if :SHELL_ERROR
  DO $$ BEGIN RAISE 'pg_dump failed'; END $$;
\endif
\getenv archive ARCHIVE
\if :{?archive}
\else
  -- The archive went where the manifest goes, and does not end with its line.
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
  -- A sequence does not keep to a transaction: the dump has it anywhere between the fingerprint and this.
  'sequencesUntil', (
    SELECT coalesce(jsonb_object_agg(format('%I.%I', schemaname, sequencename), last_value + increment_by), '{}')
    FROM pg_sequences WHERE last_value IS NOT NULL)
);
COMMIT;
