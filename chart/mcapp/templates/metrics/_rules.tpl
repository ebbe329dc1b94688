{{/*
The labels of a tier's own targets, as they stand in an expression.
Call: include "mcapp.targets" (list . "web")
*/}}
{{- define "mcapp.targets" -}}
namespace={{ (index . 0).Release.Namespace | quote }}, job={{ include "mcapp.object" . | quote }}
{{- end -}}

{{/* The time to which rates are taken: four scrapes, and two minutes at least. In seconds. */}}
{{- define "mcapp.rateSeconds" -}}
  {{- mul 4 (include "mcapp.seconds" .Values.metrics.serviceMonitor.interval | int) | max 120 -}}
{{- end -}}

{{/* How long a tier or a leader may be away before that is an alert: a restart or a failover, and two scrapes. In seconds. */}}
{{- define "mcapp.settleSeconds" -}}
  {{- mul 2 (include "mcapp.seconds" .Values.metrics.serviceMonitor.interval | int) | add 90 -}}
{{- end -}}

{{/* How old a backup may be, in seconds. */}}
{{- define "mcapp.backupMaxAge" -}}
  {{- with .Values.metrics.prometheusRule.backupMaxAge -}}
    {{ include "mcapp.seconds" . }}
  {{- else -}}
    {{- $schedule := trim .Values.backup.schedule -}}
    {{- $named := dict "@weekly" "* * 0" "@monthly" "1 * *" "@yearly" "1 1 *" "@annually" "1 1 *" -}}
    {{- $days := dig $schedule "* * *" $named -}}
    {{- if not (hasPrefix "@" $schedule) -}}
      {{- $days = regexSplit "\\s+" $schedule -1 | rest | rest | join " " -}}
    {{- end -}}
    {{- $fields := splitList " " $days -}}
    {{- $any := list "*" "?" -}}
    {{- if hasPrefix "@every " $schedule -}}
      {{- /* Half as long again, as with 24 hours. */ -}}
      {{ div (trimPrefix "@every " $schedule | include "mcapp.seconds" | int | mul 3) 2 | max 3600 }}
    {{- else if not (has (index $fields 1) $any) -}}
      {{ mul 367 86400 }}
    {{- else if not (has (index $fields 0) $any) -}}
      {{ mul 32 86400 }}
    {{- else if not (has (index $fields 2) $any) -}}
      {{ mul 8 86400 }}
    {{- else -}}
      {{ mul 36 3600 }}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
What every alert has besides its expression: its severity, and the page that says what to do.
Call: include "mcapp.alertLabels" (list . "warning") and include "mcapp.runbook" (list . "McappSlow")
*/}}
{{- define "mcapp.alertLabels" -}}
severity: {{ index . 1 | quote }}
release: {{ (index . 0).Release.Name | quote }}
{{- end -}}

{{- define "mcapp.runbook" -}}
  {{- $url := (index . 0).Values.metrics.prometheusRule.runbookUrl | default "docs/runbooks" -}}
runbook_url: {{ printf "%s/%s.md" (trimSuffix "/" $url) (index . 1) | quote }}
{{- end -}}
