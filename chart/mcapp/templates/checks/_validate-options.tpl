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

{{/* Prometheus refuses a scrape that may take longer than the time to the next one. */}}
{{- define "mcapp.validate.scrapes" -}}
  {{- with .Values.metrics.serviceMonitor -}}
    {{- if gt (include "mcapp.seconds" .scrapeTimeout | int) (include "mcapp.seconds" .interval | int) -}}
      {{- include "mcapp.wrong" (list "metrics.serviceMonitor.scrapeTimeout" .scrapeTimeout (printf "at most interval (%s)" .interval)) -}}
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
