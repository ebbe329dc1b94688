-- Runs once, as the superuser, when the data directory is empty.
-- The api logs in as app: it owns its schema and nothing else.
\set ON_ERROR_STOP on
\getenv app_password APP_PASSWORD

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE ROLE app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
GRANT CONNECT ON DATABASE :"DBNAME" TO app;
CREATE SCHEMA app AUTHORIZATION app;
ALTER ROLE app IN DATABASE :"DBNAME" SET search_path = app;
