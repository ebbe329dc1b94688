{{/*
No extraEnv holds a variable that an image reads and this chart relies on. Another superuser, for example, would make
every backup and every change of a password fail.
*/}}
{{- define "mcapp.validate.variables" -}}
  {{- $root := . -}}
  {{- range $tier := list "web" "api" "db" -}}
    {{- range $variable := (index $root.Values $tier).extraEnv -}}
      {{- with include "mcapp.reserved" (list $tier $variable.name) -}}
        {{- include "mcapp.wrong" (list (printf "%s.extraEnv" $tier) $variable.name .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
What is wanted in the place of such a variable; empty for the name of any other variable. A value does the same as a
variable of one tier only: PGUSER in db's container, for example, is not whom the api logs in as.
Call: include "mcapp.reserved" (list "db" "POSTGRES_USER")
*/}}
{{- define "mcapp.reserved" -}}
  {{- $name := join " " . -}}
  {{- $values := dict
        "db APP_PASSWORD" "db.auth.appPassword"
        "db (POSTGRES|PATRONI_SUPERUSER)_PASSWORD.*" "db.auth.superuserPassword"
        "db (PATRONI_)?REPLICATION_PASSWORD.*" "db.auth.replicationPassword"
        "db POSTGRES_DB.*" "db.database"
        "db PATRONI_TTL" "db.ha.ttl"
        "db MCAPP_RESET_PASSWORDS" "db.auth.resetPasswords"
        "api (PGPASSWORD|PGPASSFILE)" "db.auth.appPassword, or db.external.existingSecret with db.mode external,"
        "api PGDATABASE" "db.database"
        "api PGUSER" "db.external.user with db.mode external"
        "api (DATABASE_URL|PGHOST|PGHOSTADDR)" "db.external.host with db.mode external"
        "api PGPORT" "db.external.port with db.mode external"
        "api PGSSLMODE" "db.external.sslMode with db.mode external"
        "api PGSSLROOTCERT" "db.external.caSecret with db.mode external"
        "web TRUSTED_PROXIES" "web.trustedProxies"
        "api MCAPP_POOL_SIZE" "api.poolSize"
        "api MCAPP_DRAIN_SECONDS" "api.drainSeconds"
        "api MCAPP_LOG_LEVEL" "api.logLevel" -}}
  {{- $others := "(POSTGRES_|PG|PATRONI_|MCAPP_|POD_|NODE_).*|(REPLICATION|APP)_PASSWORD.*|DATABASE_URL|API_UPSTREAM|LISTEN|RUN_DIR|RESOLV_CONF" -}}
  {{- $same := "" -}}
  {{- range $pattern, $value := $values -}}
    {{- if regexMatch (printf "^(%s)$" $pattern) $name -}}
      {{- $same = $value -}}
    {{- end -}}
  {{- end -}}
  {{- if $same -}}
    a variable that is not set already: {{ $same }} does the same
  {{- else if regexMatch (printf "^(%s)$" $others) (last .) -}}
    a variable that the image does not read, since the chart relies on this one; no value does the same
  {{- end -}}
{{- end -}}
