{{/*
Stops on values that do not fit together and names all of them at once. JSON Schema compares no two values, so
values.schema.json holds the other rules and these templates hold the ones that compare. A rule is a template that
prints nothing, or a line by "mcapp.wrong" for each wrong key. This list calls every rule.
*/}}
{{- define "mcapp.validate" -}}
  {{- $lines := list
        (include "mcapp.validate.database" .)
        (include "mcapp.validate.passwordKeys" .)
        (include "mcapp.validate.tls" .)
        (include "mcapp.validate.host" .)
        (include "mcapp.validate.ranges" .)
        (include "mcapp.validate.variables" .)
        (include "mcapp.validate.pods" .)
        (include "mcapp.validate.spread" .)
        (include "mcapp.validate.quantities" .)
        (include "mcapp.validate.resources" .)
        (include "mcapp.validate.autoscaling" .)
        (include "mcapp.validate.scrapes" .)
        (include "mcapp.validate.alerts" .)
        (include "mcapp.validate.connections" .)
        (include "mcapp.validate.proxies" .)
        (include "mcapp.validate.schedule" .)
        (include "mcapp.validate.timeZone" .)
      | join "" -}}
  {{- if $lines -}}
    {{- printf "\n\nvalues do not fit together:%s\n" $lines | include "mcapp.refuse" -}}
  {{- end -}}
{{- end -}}

{{/* Stops the rendering with this message. */}}
{{- define "mcapp.refuse" -}}
  {{- fail . -}}
  {{- /* helm lint goes on after fail. A template that does not exist stops it, and Helm shows the name. */ -}}
  {{- include (replace "\n" " " .) . -}}
{{- end -}}

{{/*
One line about one key. It has the form of Helm's own lines about the schema: the key, its value, what it may be.
A key that has dots itself is written as a JSON pointer: "/web/resources/limits/nvidia.com~1gpu".
Call: include "mcapp.wrong" (list "web.autoscaling.maxReplicas" 1 "at least minReplicas (2)")
*/}}
{{- define "mcapp.wrong" -}}
  {{- $got := index . 1 -}}
  {{- $at := index . 0 -}}
  {{- if not (hasPrefix "/" $at) -}}
    {{- $at = replace "." "/" $at | printf "/%s" -}}
  {{- end -}}
  {{- printf "\n- at '%s': got %v, want %s" $at (kindIs "string" $got | ternary (squote $got) (include "mcapp.written" $got)) (index . 2) -}}
{{- end -}}

{{/* PostgreSQL's template databases hold no tables. The schema could only say that a "not" failed. */}}
{{- define "mcapp.validate.database" -}}
  {{- with .Values.db.database -}}
    {{- if has . (list "template0" "template1") -}}
      {{- include "mcapp.wrong" (list "db.database" . "a name that PostgreSQL does not use itself") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The chart's own Secrets with certificates go when the chart no longer makes them. */}}
{{- define "mcapp.validate.tls" -}}
  {{- $given := .Values.db.tls.existingSecret -}}
  {{- range list "db-tls" "db-ca" "db-certificate" -}}
    {{- if eq $given (include "mcapp.object" (list $ .)) -}}
      {{- include "mcapp.wrong" (list "db.tls.existingSecret" $given "a Secret of your own: the chart makes and deletes this one") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The passwords are in one Secret, so each needs a key of its own. */}}
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
