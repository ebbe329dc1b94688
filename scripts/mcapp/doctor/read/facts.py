"""What PostgreSQL itself says of the things that can keep the api from its tasks, asked as the superuser."""

from __future__ import annotations

# The statement for the database `postgres`, where the superuser can always log in: roles, limits, settings.
SERVER = """
SELECT jsonb_build_object(
  'role', (SELECT json_build_object('login', rolcanlogin, 'until', rolvaliduntil,
      'expired', coalesce(rolvaliduntil < now(), false), 'limit', rolconnlimit,
      'used', (SELECT count(*) FROM pg_stat_activity WHERE usename = rolname))
    FROM pg_roles WHERE rolname = :'role'),
  'database', (SELECT json_build_object('open', datallowconn, 'limit', datconnlimit,
      'used', (SELECT count(*) FROM pg_stat_activity a
        WHERE a.datname = d.datname AND a.usename <> 'postgres'),
      'connect', has_database_privilege(:'role', d.oid, 'CONNECT'))
    FROM pg_database d WHERE datname = :'database'),
  'connections', json_build_object(
    'limit', current_setting('max_connections')::int,
    'reserved', current_setting('superuser_reserved_connections')::int,
    'used', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')),
  'read_only', (SELECT coalesce(json_agg(found), '[]') FROM (
    SELECT setrole::bigint <> 0 AS role, setdatabase::bigint <> 0 AS database, setting
    FROM pg_db_role_setting s, unnest(setconfig) AS setting
    WHERE setting IN ('default_transaction_read_only=on', 'default_transaction_read_only=true',
        'default_transaction_read_only=1', 'default_transaction_read_only=yes')
      AND (setrole = 0 OR setrole = (SELECT oid FROM pg_roles WHERE rolname = :'role'))
      AND (setdatabase = 0 OR setdatabase = (SELECT oid FROM pg_database WHERE datname = :'database'))
    UNION ALL
    SELECT false, false, name || '=on' FROM pg_settings
    WHERE name = 'default_transaction_read_only' AND reset_val = 'on'
      AND source IN ('configuration file', 'command line')) found),
  'locks', (SELECT coalesce(json_agg(found), '[]') FROM (
    SELECT l.pid, a.usename AS "user", a.application_name AS program, a.client_addr AS client,
      l.mode, l.granted,
      a.state, to_char(coalesce(a.xact_start, a.query_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
      round(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start)), 1) AS seconds,
      left(regexp_replace(a.query, '\\s+', ' ', 'g'), 200) AS query, l.relation::bigint AS relation
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = :'database')
      AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock') AND l.granted
        OR l.mode = 'AccessExclusiveLock')
    ORDER BY l.granted DESC, a.xact_start) found))
"""

# The statement for the api's own database: its schema, its tables and the rights on them.
TABLES = """
SELECT jsonb_build_object(
  'schema', (SELECT json_build_object('usage', has_schema_privilege(:'role', oid, 'USAGE'))
    FROM pg_namespace WHERE nspname = 'app'),
  'schemas', (SELECT coalesce(json_agg(DISTINCT nspname), '[]') FROM pg_namespace n JOIN pg_class c
    ON c.relnamespace = n.oid WHERE c.relname = 'schema_migrations' AND nspname <> 'app'),
  'tables', (SELECT json_object_agg(wanted, (SELECT json_build_object('oid', oid::bigint,
      'lacks', (SELECT coalesce(json_agg(one), '[]') FROM unnest(rights) AS one
        WHERE NOT has_table_privilege(:'role', c.oid, one)))
    FROM pg_class c WHERE c.relname = wanted AND c.relkind IN ('r', 'p') AND c.relnamespace = (
      SELECT oid FROM pg_namespace WHERE nspname = 'app')))
    FROM (VALUES ('tasks', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']),
      ('idempotency_keys', ARRAY['SELECT', 'INSERT', 'DELETE']),
      ('schema_migrations', ARRAY['SELECT'])) AS needed (wanted, rights)),
  'renamed', (SELECT c.relname FROM pg_class s
    JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
    JOIN pg_class c ON c.oid = d.refobjid WHERE s.relname = 'tasks_id_seq' AND c.relname <> 'tasks'
      AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'app') LIMIT 1))
"""

# Both statements in db's pod, over its socket: a line each, the second empty for a closed database.
SCRIPT = """
export PGPASSWORD="$POSTGRES_PASSWORD" PGCONNECT_TIMEOUT=2 PGOPTIONS='-c statement_timeout=2s'
ask() {
  printf '%s' "$2" |
    psql -qtAXw -v ON_ERROR_STOP=1 -v role=app -v database="$POSTGRES_DB" -U postgres -d "$1" -f -
}
ask postgres "$1" && { ask "$POSTGRES_DB" "$2" || echo; }
"""
