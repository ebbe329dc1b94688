{{/*
No extraEnv holds a variable that an image reads and this chart relies on. Another superuser, for example, would make
every backup and every change of a password fail.
*/}}
{{- define "mcapp.validate.variables" -}}
  {{- $root := . -}}
  {{- range $tier := list "web" "api" "db" -}}
    {{- range $variable := (index $root.Values $tier).extraEnv -}}
      {{- with include "mcapp.reserved" $variable.name -}}
        {{- include "mcapp.wrong" (list (printf "%s.extraEnv" $tier) $variable.name .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
What is wanted in the place of such a variable; empty for the name of any other variable.
Call: include "mcapp.reserved" "POSTGRES_USER"
*/}}
{{- define "mcapp.reserved" -}}
  {{- $name := . -}}
  {{- $values := dict
        "APP_PASSWORD" "db.auth.appPassword"
        "(POSTGRES|PATRONI_SUPERUSER)_PASSWORD.*" "db.auth.superuserPassword"
        "(PATRONI_)?REPLICATION_PASSWORD.*" "db.auth.replicationPassword"
        "PGPASSWORD|PGPASSFILE" "db.auth or db.external.existingSecret"
        "POSTGRES_DB.*|PGDATABASE" "db.database"
        "PGUSER" "db.external.user"
        "DATABASE_URL|PGHOST|PGHOSTADDR|PGPORT" "db.external.host with db.external.port"
        "PGSSLMODE" "db.external.sslMode"
        "PGSSLROOTCERT" "db.external.caSecret"
        "PATRONI_TTL" "db.ha.ttl"
        "MCAPP_POOL_SIZE" "api.poolSize"
        "MCAPP_DRAIN_SECONDS" "api.drainSeconds"
        "MCAPP_LOG_LEVEL" "api.logLevel"
        "MCAPP_RESET_PASSWORDS" "db.auth.resetPasswords"
        "LISTEN|MCAPP_PORT" "web.service"
        "API_UPSTREAM" "namePrefix" -}}
  {{- $others := "(POSTGRES_|PG|PATRONI_|MCAPP_|POD_|NODE_).*|RUN_DIR|RESOLV_CONF" -}}
  {{- $same := "" -}}
  {{- range $pattern, $value := $values -}}
    {{- if regexMatch (printf "^(%s)$" $pattern) $name -}}
      {{- $same = $value -}}
    {{- end -}}
  {{- end -}}
  {{- if $same -}}
    a variable that is not set already: {{ $same }} does the same
  {{- else if regexMatch (printf "^(%s)$" $others) $name -}}
    a variable that the image does not read, since the chart relies on this one
  {{- end -}}
{{- end -}}
