{{/* An autoscaler's greatest number of pods is not below its least one. */}}
{{- define "mcapp.validate.autoscaling" -}}
  {{- $root := . -}}
  {{- range $tier := list "web" "api" -}}
    {{- with (index $root.Values $tier).autoscaling -}}
      {{- if lt (int .maxReplicas) (int .minReplicas) -}}
        {{- include "mcapp.wrong" (list (printf "%s.autoscaling.maxReplicas" $tier) .maxReplicas (include "mcapp.written" .minReplicas | printf "at least minReplicas (%s)")) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
All pods of api, with the one more that there is while they are replaced, find connections at the release's own PostgreSQL: each
has its pool's, and one that watches the database. Of its 100 (max_connections), ten are for administrators, backups, tests and Patroni.
*/}}
{{- define "mcapp.validate.connections" -}}
  {{- if include "mcapp.ownsDatabase" . -}}
    {{- with .Values.api -}}
      {{- $key := ternary "api.autoscaling.maxReplicas" "api.replicas" .autoscaling.enabled -}}
      {{- $pods := ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled | int -}}
      {{- $each := add (int .poolSize) 1 -}}
      {{- $most := sub (div 90 $each) 1 -}}
      {{- if and (gt $pods 0) (lt $most 1) -}}
        {{- include "mcapp.wrong" (list "api.poolSize" .poolSize "at most 44: two pods of api share 90 of the 100 connections of PostgreSQL while one replaces the other") -}}
      {{- else if gt $pods $most -}}
        {{- include "mcapp.wrong" (list $key $pods (printf "at most %d: with one more during an update, and poolSize + 1 (%d) connections each, they ask for %d, and PostgreSQL has 90 for them" $most $each (mul (add $pods 1) $each))) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* Prometheus refuses a scrape that may take longer than the time to the next one. */}}
{{- define "mcapp.validate.scrapes" -}}
  {{- with .Values.metrics.serviceMonitor -}}
    {{- if gt (include "mcapp.seconds" .scrapeTimeout | int) (include "mcapp.seconds" .interval | int) -}}
      {{- include "mcapp.wrong" (list "metrics.serviceMonitor.scrapeTimeout" .scrapeTimeout (printf "at most interval (%s)" .interval)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The alerts are about what the monitors scrape: without those each tier would seem to be down. */}}
{{- define "mcapp.validate.alerts" -}}
  {{- with .Values.metrics -}}
    {{- if and .prometheusRule.enabled (not .serviceMonitor.enabled) -}}
      {{- include "mcapp.wrong" (list "metrics.prometheusRule.enabled" true "false while metrics.serviceMonitor.enabled is") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* A duration in seconds: 1m30s gives 90. */}}
{{- define "mcapp.seconds" -}}
  {{- $hours := regexFind "[0-9]+h" . | trimSuffix "h" | int -}}
  {{- $minutes := regexFind "[0-9]+m" . | trimSuffix "m" | int -}}
  {{- $seconds := regexFind "[0-9]+s" . | trimSuffix "s" | int -}}
  {{- add (mul 3600 $hours) (mul 60 $minutes) $seconds -}}
{{- end -}}
