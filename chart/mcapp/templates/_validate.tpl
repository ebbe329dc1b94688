{{/*
Stops on values that do not fit together, all of them at once. What JSON Schema can say stands in
values.schema.json; here stands what it cannot: it compares no two values. A rule is a template that prints
nothing, or a line by "mcapp.wrong" for each wrong key; it is called in this list.
*/}}
{{- define "mcapp.validate" -}}
{{- $lines := list
      (include "mcapp.validate.database" .)
      (include "mcapp.validate.passwordKeys" .)
      (include "mcapp.validate.pods" .)
      (include "mcapp.validate.resources" .)
      (include "mcapp.validate.autoscaling" .)
      (include "mcapp.validate.scrapes" .)
    | join "" -}}
{{- if $lines -}}
{{- $message := printf "\n\nvalues do not fit together:%s\n" $lines -}}
{{- fail $message -}}
{{- /* helm lint goes on after fail. A template that does not exist stops it, and Helm shows the name. */ -}}
{{- include (replace "\n" " " $message) . -}}
{{- end -}}
{{- end -}}

{{/*
One line about one key, worded as Helm words those about the schema: which key, what it holds, what it may hold.
Call: include "mcapp.wrong" (list "web.autoscaling.maxReplicas" 1 "at least minReplicas (2)")
*/}}
{{- define "mcapp.wrong" -}}
{{- $got := index . 1 -}}
{{- printf "\n- at '/%s': got %v, want %s" (index . 0 | replace "." "/") (kindIs "string" $got | ternary (squote $got) $got) (index . 2) -}}
{{- end -}}

{{/* PostgreSQL's templates take no tables. Here, since JSON Schema can only say that a "not" failed. */}}
{{- define "mcapp.validate.database" -}}
{{- with .Values.db.database -}}
{{- if has . (list "template0" "template1") -}}
{{- include "mcapp.wrong" (list "db.database" . "a name that PostgreSQL does not use itself") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The passwords in one Secret need a key each. */}}
{{- define "mcapp.validate.passwordKeys" -}}
{{- with .Values.db.auth.keys -}}
{{- if eq .appPassword .superuserPassword -}}
{{- include "mcapp.wrong" (list "db.auth.keys.appPassword" .appPassword "a key other than superuserPassword's") -}}
{{- end -}}
{{- if has .replicationPassword (list .superuserPassword .appPassword) -}}
{{- include "mcapp.wrong" (list "db.auth.keys.replicationPassword" .replicationPassword "a key other than those of the two others") -}}
{{- end -}}
{{- end -}}
{{- end -}}
