-- Prints what the connected database holds, as one line of JSON: every table with its columns, its number of rows and
-- a digest of their content; sequences; owners and grants; settings; and the names of all other objects. Two databases
-- with the same line hold the same, whatever their servers and files look like.
-- Run it in a REPEATABLE READ transaction, so that it reads all tables at one moment.

-- A row's text must not depend on the session, and row security must not hide a row without an error.
SET LOCAL search_path = pg_catalog;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL lc_monetary = 'C';
SET LOCAL row_security = off;
SET LOCAL statement_timeout = 0;

DO $$
DECLARE
  item record;
  row_digest bytea;
  digest bytea;
  counted bigint;
  step record;
  tables jsonb := '{}';
  sequences jsonb := '{}';
  ours oid[] := ARRAY(
    SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema');
  -- The objects of extensions, as 'catalog/object'. pg_dump leaves them to the extension.
  theirs text[] := ARRAY(SELECT concat(classid::oid, '/', objid) FROM pg_depend WHERE deptype = 'e');
BEGIN
  FOR item IN
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.oid = ANY (ours) AND concat(c.tableoid, '/', c.oid) <> ALL (theirs)
  LOOP
    counted := 0;
    digest := '';
    -- In the order of the rows' own digests, which needs no key and depends on no collation.
    FOR row_digest IN EXECUTE format(
      'SELECT sha256(convert_to((t.*)::text, ''UTF8'')) AS d FROM ONLY %s AS t ORDER BY d', item.name)
    LOOP
      -- Chained, so that memory holds one digest however large the table is.
      digest := sha256(digest || row_digest);
      counted := counted + 1;
    END LOOP;
    tables := tables || jsonb_build_object(item.name, jsonb_build_object(
      'rows', counted,
      'sha256', encode(digest, 'hex'),
      'columns', (
        SELECT coalesce(jsonb_agg(concat_ws(' ',
          quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
          CASE WHEN a.attnotnull THEN 'NOT NULL' END,
          CASE a.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END,
          CASE WHEN a.attgenerated <> '' THEN 'GENERATED' WHEN a.atthasdef THEN 'DEFAULT' END)
          ORDER BY a.attnum), '[]')
        FROM pg_attribute a WHERE a.attrelid = item.oid AND a.attnum > 0 AND NOT a.attisdropped)));
  END LOOP;

  FOR item IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name, s.*
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.oid = ANY (ours) AND concat(c.tableoid, '/', c.oid) <> ALL (theirs)
  LOOP
    EXECUTE format('SELECT last_value::numeric AS last, is_called FROM %s', item.name) INTO step;
    sequences := sequences || jsonb_build_object(item.name, jsonb_build_object(
      'next', step.last + CASE WHEN step.is_called THEN item.seqincrement ELSE 0 END,
      'increment', item.seqincrement, 'min', item.seqmin, 'max', item.seqmax, 'cycle', item.seqcycle));
  END LOOP;

  PERFORM set_config('mcapp.fingerprint', jsonb_build_object(
    'tables', tables,
    'sequences', sequences,
    'grants', (
      -- An empty list of rights means the default ones; a restored list spells them out.
      SELECT coalesce(jsonb_object_agg(held.name, held.rights), '{}') FROM (
        SELECT o.name, jsonb_build_object('owner', pg_get_userbyid(o.owner), 'rights', coalesce(jsonb_agg(
          CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r.grantee)::text END
            || ': ' || r.privilege_type || CASE WHEN r.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
          ORDER BY r.grantee <> 0, pg_get_userbyid(r.grantee) COLLATE "C", r.privilege_type COLLATE "C")
          FILTER (WHERE r.privilege_type IS NOT NULL), '[]')) AS rights
        FROM (
          SELECT 'database' AS name, datdba AS owner, coalesce(datacl, acldefault('d', datdba)) AS acl
          FROM pg_database WHERE datname = current_database()
          UNION ALL
          SELECT 'schema ' || quote_ident(nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner))
          FROM pg_namespace WHERE oid = ANY (ours)
          UNION ALL
          SELECT CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || oid::regclass, relowner,
            coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
          FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            AND relnamespace = ANY (ours) AND concat(tableoid, '/', oid) <> ALL (theirs)
          UNION ALL
          SELECT 'column ' || attrelid::regclass || '.' || quote_ident(attname), relowner, attacl
          FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
          WHERE attacl IS NOT NULL AND NOT attisdropped
            AND relnamespace = ANY (ours) AND concat(c.tableoid, '/', c.oid) <> ALL (theirs)
          UNION ALL
          SELECT 'function ' || oid::regprocedure, proowner, coalesce(proacl, acldefault('f', proowner))
          FROM pg_proc WHERE pronamespace = ANY (ours) AND concat(tableoid, '/', oid) <> ALL (theirs)
          UNION ALL
          SELECT 'type ' || oid::regtype, typowner, coalesce(typacl, acldefault('T', typowner))
          FROM pg_type WHERE typrelid = 0 AND typelem = 0
            AND typnamespace = ANY (ours) AND concat(tableoid, '/', oid) <> ALL (theirs)
          UNION ALL
          SELECT concat_ws(' ', 'default', defaclobjtype, pg_get_userbyid(defaclrole),
            CASE WHEN defaclnamespace <> 0 THEN defaclnamespace::regnamespace END), defaclrole, defaclacl
          FROM pg_default_acl
        ) AS o LEFT JOIN LATERAL aclexplode(o.acl) AS r ON true
        GROUP BY o.name, o.owner
      ) AS held),
    'settings', (
      SELECT coalesce(jsonb_object_agg(
        CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole)::text END, setconfig), '{}')
      FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
      WHERE d.datname = current_database()),
    'objects', (
      SELECT coalesce(jsonb_agg(o.name ORDER BY o.name COLLATE "C"), '[]') FROM (
        SELECT 'extension ' || quote_ident(extname) || ' ' || extversion AS name FROM pg_extension
        UNION ALL
        SELECT CASE WHEN relkind IN ('i', 'I') THEN 'index ' ELSE 'view ' END || oid::regclass
        FROM pg_class WHERE relkind IN ('i', 'I', 'v', 'm')
          AND relnamespace = ANY (ours) AND concat(tableoid, '/', oid) <> ALL (theirs)
        UNION ALL
        SELECT concat_ws(' ', 'constraint', quote_ident(conname), 'on', nullif(conrelid, 0)::regclass)
        FROM pg_constraint WHERE connamespace = ANY (ours)
          AND concat('pg_class'::regclass::oid, '/', conrelid) <> ALL (theirs)
        UNION ALL
        SELECT concat_ws(' ', 'trigger', quote_ident(tgname), 'on', tgrelid::regclass, tgenabled)
        FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = ANY (ours) AND concat(c.tableoid, '/', c.oid) <> ALL (theirs)
        UNION ALL
        SELECT concat_ws(' ', 'policy', quote_ident(polname), 'on', polrelid::regclass) FROM pg_policy
        UNION ALL
        SELECT 'function ' || oid::regprocedure || ' ' || encode(sha256(convert_to(prosrc, 'UTF8')), 'hex')
        FROM pg_proc WHERE pronamespace = ANY (ours) AND concat(tableoid, '/', oid) <> ALL (theirs)
      ) AS o)
  )::text, true);
END
$$;

SELECT current_setting('mcapp.fingerprint');
