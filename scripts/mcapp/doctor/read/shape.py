"""The question what the api's tables look like, and what hangs on them. Of a locked one it fails."""

from __future__ import annotations

SHAPE = r"""
SELECT jsonb_build_object('shape', (SELECT json_object_agg(c.relname, json_build_object(
  -- Row-level security binds the owner only where it is forced.
  'secured', c.relrowsecurity AND (c.relforcerowsecurity OR r.rolname <> :'role'),
  'forced', c.relforcerowsecurity,
  'policies', (SELECT coalesce(json_agg(polname ORDER BY polname), '[]') FROM pg_policy
    WHERE polrelid = c.oid),
  'columns', (SELECT json_agg(json_build_object('name', attname, 'number', attnum,
      'type', format_type(atttypid, atttypmod), 'identity', attidentity,
      'needed', attnotnull AND NOT atthasdef AND attidentity = '') ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
  'constraints', (SELECT coalesce(json_agg(json_build_object('name', conname, 'kind', contype,
      'on', (SELECT relname FROM pg_class WHERE oid = conrelid),
      'schema', (SELECT nspname FROM pg_namespace n WHERE n.oid = connamespace),
      'definition', pg_get_constraintdef(oid)) ORDER BY conname), '[]')
    FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('c', 'f', 'p', 'u', 'x')
      OR confrelid = c.oid AND contype = 'f' AND confdeltype IN ('a', 'r')),
  -- Those of constraints stand above.
  'indexes', (SELECT coalesce(json_agg(json_build_object('name', x.relname,
      'definition', pg_get_indexdef(x.oid)) ORDER BY x.relname), '[]')
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisunique
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = x.oid)),
  'triggers', (SELECT coalesce(json_agg(json_build_object('name', tgname, 'on', tgenabled <> 'D',
      'function', (SELECT nspname || '.' || proname FROM pg_proc p
        JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = tgfoid),
      'insert', tgtype & 4 <> 0, 'delete', tgtype & 8 <> 0, 'update', tgtype & 16 <> 0,
      'source', (SELECT prosrc FROM pg_proc WHERE oid = tgfoid),
      'definition', pg_get_triggerdef(t.oid)) ORDER BY tgname), '[]')
    FROM pg_trigger t WHERE tgrelid = c.oid AND NOT tgisinternal),
  'rules', (SELECT coalesce(json_agg(json_build_object('name', rulename, 'on', ev_enabled <> 'D',
      'definition', pg_get_ruledef(oid)) ORDER BY rulename), '[]')
    FROM pg_rewrite WHERE ev_class = c.oid),
  'sequence', (SELECT json_build_object('name', s.relname, 'last', pg_sequence_last_value(s.oid),
      'first', q.seqstart, 'biggest', q.seqmax, 'cycles', q.seqcycle)
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_sequence q ON q.seqrelid = s.oid
    WHERE d.refobjid = c.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
      AND has_sequence_privilege(s.oid, 'USAGE, SELECT') LIMIT 1)))
  FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
  WHERE c.relkind IN ('r', 'p') AND c.relname IN ('tasks', 'idempotency_keys', 'schema_migrations')
    AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :'schema')))
"""
