"""What PostgreSQL itself says of the things that can keep the api from its tasks.

In the release's own database the superuser asks, in an external one the api's own role. The statements have
psql's variables `role`, `database` and `schema`; each returns one JSON object with keys of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mcapp.doctor.read.shape import SHAPE

# The settings that can keep the api from its work. Others are not read: they may hold passwords.
WATCHED = (
    "default_transaction_isolation",
    "default_transaction_read_only",
    "idle_session_timeout",
    "local_preload_libraries",
    "role",
    "row_security",
    "search_path",
    "session_preload_libraries",
    "session_replication_role",
    "transaction_timeout",
)

# For the database `postgres`, where the superuser can always log in: roles, limits, settings.
SERVER = rf"""
SELECT jsonb_build_object(
  'names', json_build_object('role', :'role', 'database', :'database', 'schema', :'schema'),
  'role', (SELECT json_build_object('login', rolcanlogin, 'until', rolvaliduntil,
      'expired', coalesce(rolvaliduntil < now(), false), 'limit', rolconnlimit,
      'used', (SELECT count(*) FROM pg_stat_activity WHERE usename = rolname))
    FROM pg_roles WHERE rolname = :'role'),
  'was', (SELECT min(rolname) FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = :'database')
      AND 'search_path=app' = ANY (setconfig) AND rolname <> :'role'),
  -- Which other database has what the chart sets for the role in its own one.
  'home', (SELECT min(datname) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
    WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = :'role')
      AND 'search_path=app' = ANY (setconfig) AND datname <> :'database'),
  'database', (SELECT json_build_object('open', datallowconn, 'limit', datconnlimit,
      'used', (SELECT count(*) FROM pg_stat_activity a
        WHERE a.datname = d.datname AND a.usename <> 'postgres'),
      'connect', (SELECT has_database_privilege(oid, d.oid, 'CONNECT') FROM pg_roles
        WHERE rolname = :'role'))
    FROM pg_database d WHERE datname = :'database'),
  'connections', json_build_object(
    'limit', current_setting('max_connections')::int,
    'reserved', current_setting('superuser_reserved_connections')::int,
    'used', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')),
  -- Of each setting the one that has effect: the narrower place wins. A boolean may be cut short.
  'settings', (SELECT coalesce(json_agg(json_build_object('name', name, 'value', value, 'place', place,
      'truth', CASE WHEN value ~* '^(t|tr|tru|true|y|ye|yes|on|1|f|fa|fal|fals|false|n|no|of|off|0)$'
        THEN value::boolean END) ORDER BY name), '[]') FROM (
    SELECT DISTINCT ON (name) * FROM (
      SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value,
        CASE WHEN setrole <> 0 AND setdatabase <> 0 THEN 'role in database' WHEN setrole <> 0 THEN 'role'
          WHEN setdatabase <> 0 THEN 'database' ELSE 'roles' END AS place,
        (setrole = 0)::int * 2 + (setdatabase = 0)::int AS rank
      FROM pg_db_role_setting, unnest(setconfig) AS setting
      WHERE (setrole = 0 OR setrole = (SELECT oid FROM pg_roles WHERE rolname = :'role'))
        AND (setdatabase = 0 OR setdatabase = (SELECT oid FROM pg_database WHERE datname = :'database'))
      UNION ALL
      SELECT name, reset_val, 'server', 4 FROM pg_settings
      WHERE source IN ('configuration file', 'command line')) every
    WHERE name IN ({", ".join(f"'{name}'" for name in WATCHED)}) ORDER BY name, rank) found))
"""  # noqa: S608 - the names above

# For the api's own database: its schema, its tables and the rights on them. It waits for no lock.
TABLES = r"""
WITH schema AS (SELECT oid FROM pg_namespace WHERE nspname = :'schema'),
wanted (name, rights, columns) AS (VALUES
  ('tasks', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY['id', 'title', 'done', 'version']),
  ('idempotency_keys', ARRAY['SELECT', 'INSERT', 'DELETE'], ARRAY['key', 'title', 'task_id']),
  ('schema_migrations', ARRAY['SELECT'], ARRAY['version', 'checksum', 'applied_at'])),
there AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM schema))
SELECT jsonb_build_object(
  'schema', (SELECT json_build_object('usage', has_schema_privilege(:'role', oid, 'USAGE')) FROM schema),
  'schemas', (SELECT coalesce(json_agg(DISTINCT nspname), '[]') FROM pg_namespace n JOIN pg_class c
    ON c.relnamespace = n.oid WHERE c.relname = 'schema_migrations' AND nspname <> :'schema'),
  'tables', (SELECT json_object_agg(wanted.name, (SELECT json_build_object(
      'lacks', (SELECT coalesce(json_agg(one), '[]') FROM unnest(rights) AS one
        WHERE NOT has_table_privilege(:'role', c.oid, one)))
    FROM there c WHERE c.relname = wanted.name AND c.relkind IN ('r', 'p'))) FROM wanted),
  -- What has the name of a table and is none, such as a view.
  'instead', (SELECT coalesce(json_agg(relname), '[]') FROM there
    WHERE relname IN (SELECT name FROM wanted) AND relkind NOT IN ('r', 'p')),
  -- The sequence of the ids may have another name, but it belongs to the table.
  'sequences', (SELECT coalesce(json_object_agg(s.relname, json_build_object(
      'lacks', CASE WHEN has_sequence_privilege(:'role', s.oid, 'USAGE, UPDATE') THEN '[]'::json
        ELSE '["USAGE"]' END)), '{}')
    FROM there c JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype IN ('a', 'i')
      AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' WHERE c.relname = 'tasks'),
  -- Tables with all these columns and another name, or in another schema.
  'moved', (SELECT json_object_agg(wanted.name, (
      SELECT coalesce(json_agg(json_build_object('schema', nspname, 'name', c.relname)), '[]')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND nspname !~ '^pg_|^information_schema$'
        AND NOT (nspname = :'schema' AND c.relname IN (SELECT name FROM wanted))
        AND columns <@ ARRAY(SELECT attname::text FROM pg_attribute
          WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))) FROM wanted))
"""

# Who holds locks on relations of the schema, or waits for one that keeps others out. A prepared transaction
# has no process.
LOCKS = r"""
SELECT jsonb_build_object('locks', (SELECT coalesce(json_agg(found), '[]') FROM (
  SELECT l.pid, p.gid, coalesce(a.usename, p.owner) AS "user", a.application_name AS program,
    a.client_addr AS client, l.mode, l.granted, a.state, c.relname AS relation,
    to_char(since, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
    round(extract(epoch FROM clock_timestamp() - since)::numeric, 1) AS seconds,
    left(regexp_replace(a.query, '\s+', ' ', 'g'), 200) AS query
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = (
    SELECT oid FROM pg_namespace WHERE nspname = :'schema')
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction IN (
    SELECT transactionid FROM pg_locks x
    WHERE x.locktype = 'transactionid' AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction)
  CROSS JOIN LATERAL (SELECT coalesce(p.prepared, a.xact_start, a.query_start) AS since) s
  WHERE l.locktype = 'relation'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      OR l.granted AND l.mode IN ('RowShareLock', 'RowExclusiveLock'))
  ORDER BY l.granted DESC, since, c.relname LIMIT 50) found))
"""

# What the tables hold: it fails where one of them is missing, and waits where one is locked.
CONTENT = r"""
SELECT jsonb_build_object('content', json_build_object(
  'biggest', (SELECT max(id) FROM :"schema".tasks),
  'migration', (SELECT max(version) FROM :"schema".schema_migrations)))
"""

INSIDE = ";".join((TABLES, LOCKS, SHAPE, CONTENT))

# All of them in db's pod, over its socket, a line each; one that fails leaves the others.
SCRIPT = """
export PGPASSWORD="$POSTGRES_PASSWORD" PGCONNECT_TIMEOUT=2 PGCLIENTENCODING=UTF8
export PGOPTIONS='-c statement_timeout=2s -c lock_timeout=300ms'
ask() {
  printf '%s' "$2" |
    psql -qtAXw -v role=app -v schema=app -v database="$POSTGRES_DB" -U postgres -d "$1" -f -
}
ask postgres "$1" && { ask "$POSTGRES_DB" "$2" || echo; }
"""

# The same in a pod of the api, which has no psql, for a database outside of the release.
AS_APP = r"""
import json, os, re, sys
import psycopg
from psycopg import conninfo, sql
url = os.environ["DATABASE_URL"]
given = conninfo.conninfo_to_dict(url).get("options", "")
options = f"{given} -c statement_timeout=2s -c lock_timeout=300ms"
limits = {"connect_timeout": 2, "options": options, "client_encoding": "utf8"}
with psycopg.connect(url, autocommit=True, **limits) as session:
    home = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('tasks')"
    asked = f"SELECT current_user, current_database(), coalesce(({home}), current_schema(), current_user)"
    names = dict(zip(("role", "database", "schema"), session.execute(asked).fetchone()))
    for statement in sys.argv[1].split(";"):
        for name, value in names.items():
            for kind, mark in ((sql.Literal, "'"), (sql.Identifier, '"')):
                statement = statement.replace(f":{mark}{name}{mark}", kind(value).as_string(session))
        try:
            print(json.dumps(session.execute(statement).fetchone()[0]))
        except psycopg.Error as error:
            print(error, file=sys.stderr)
"""


def parsed(lines: Iterable[str]) -> dict[str, Any]:
    """Return what the statements printed as one mapping. Raises ValueError where a line is no JSON object."""
    found: dict[str, Any] = {}
    for line in lines:
        if line.strip():
            found |= json.loads(line)
    return found
