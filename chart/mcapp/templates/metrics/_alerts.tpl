{{/* A tier of which nothing answers. Each `or vector(0)` counts targets that Prometheus no longer has. */}}
{{- define "mcapp.rules.tiers" -}}
{{- $ns := .Release.Namespace -}}
{{- $web := printf "sum(kube_deployment_status_replicas_available{namespace=%q, deployment=%q})" $ns (include "mcapp.object" (list . "web")) -}}
{{- $api := include "mcapp.targets" (list . "api") -}}
{{- $answers := printf "(sum(up{%s}) or vector(0)) == 0" $api -}}
{{- if .Values.metrics.exporters.enabled -}}
  {{- $own := include "mcapp.targets" (list . "web") -}}
  {{- $web = printf "(sum(mcapp_web_listening{%s}) or vector(0))" $own -}}
  {{- /* Prometheus may reach pods that web does not. */ -}}
  {{- $answers = printf "%s or max(mcapp_web_reaches_api{%s} and on (pod) mcapp_web_listening{%s} == 1) == 0" $answers $own $own -}}
{{- end -}}
{{- $up := dict
      "web" (printf "%s == 0" $web)
      "api" $answers
      "db" (printf "max(mcapp_db_up{%s}) == 0" $api) -}}
{{- $means := dict "web" "No pod of web listens." "api" "No pod of api answers Prometheus, or none answers web." "db" "No pod of api reaches the database." -}}
{{- range $tier := list "web" "api" "db" }}
- alert: McappTierDown
  expr: {{ get $up $tier | quote }}
  for: {{ include "mcapp.settleSeconds" $ | printf "%ss" | quote }}
  labels:
    {{- include "mcapp.alertLabels" (list $ "critical") | nindent 4 }}
    tier: {{ $tier | quote }}
  annotations:
    summary: {{ printf "%s of %s is down" $tier $ns | quote }}
    description: {{ printf "%s The page does not work until it is back." (get $means $tier) | quote }}
    {{- include "mcapp.runbook" (list $ "McappTierDown") | nindent 4 }}
{{- end }}
{{- end -}}

{{/* What users wait for. An alert outlasts a restart or a failover, and the time over which its rate is taken. */}}
{{- define "mcapp.rules.requests" -}}
{{- $window := include "mcapp.rateSeconds" . -}}
{{- $for := include "mcapp.settleSeconds" . | int | add $window | printf "%ds" -}}
{{- $asked := printf "%s, route!~\"/healthz|/readyz|/metrics\"" (include "mcapp.targets" (list . "api")) -}}
- alert: McappErrors
  expr: >-
    sum(rate(http_requests_total{ {{- $asked }}, status=~"5.."}[{{ $window }}s]))
    / sum(rate(http_requests_total{ {{- $asked }}}[{{ $window }}s])) > 0.05
  for: {{ $for | quote }}
  labels:
    {{- include "mcapp.alertLabels" (list . "critical") | nindent 4 }}
  annotations:
    summary: {{ printf "api of %s answers with errors" .Release.Namespace | quote }}
    description: {{ "{{ $value | humanizePercentage }} of all requests failed (status 5xx)." | quote }}
    {{- include "mcapp.runbook" (list . "McappErrors") | nindent 4 }}
- alert: McappSlow
  expr: >-
    histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{ {{- $asked }}}[{{ $window }}s]))) > 1
  for: {{ $for | quote }}
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "api of %s is slow" .Release.Namespace | quote }}
    description: {{ "One request in a hundred takes longer than {{ $value | humanizeDuration }}." | quote }}
    {{- include "mcapp.runbook" (list . "McappSlow") | nindent 4 }}
{{- end -}}

{{/* The certificate that api sees at its database. */}}
{{- define "mcapp.rules.certificate" -}}
- alert: McappCertificateEnding
  expr: {{ printf "min(mcapp_db_certificate_end_seconds{%s}) - time() < 14 * 86400" (include "mcapp.targets" (list . "api")) | quote }}
  for: 10m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "The database's certificate of %s ends soon" .Release.Namespace | quote }}
    description: {{ "It ends in {{ $value | humanizeDuration }}. Then api cannot use the database." | quote }}
    {{- include "mcapp.runbook" (list . "McappCertificateEnding") | nindent 4 }}
{{- end -}}

{{/*
Containers that start again and again. Where kube-state-metrics is not, the start times that api and db tell do; a pod that is
replaced has another instance.
*/}}
{{- define "mcapp.rules.restarts" -}}
{{- $object := include "mcapp.object" (list . "") -}}
- alert: McappRestarts
  expr: >-
    max by (pod) (increase(kube_pod_container_status_restarts_total{namespace={{ .Release.Namespace | quote }}, pod=~"{{ $object }}(web|api|db)-.+", container=~"nginx|api|postgres|metrics"}[15m])) > 2
    or max by (pod) (changes(process_start_time_seconds{ {{- include "mcapp.targets" (list . "api") }}}[15m])) > 2
    {{- if and .Values.metrics.exporters.enabled (include "mcapp.ownsDatabase" .) }}
    or max by (pod) (changes(mcapp_postgres_start_time_seconds{ {{- include "mcapp.targets" (list . "db") }}}[15m])) > 2
    {{- end }}
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "{{ $labels.pod }} of %s starts again and again" .Release.Namespace | quote }}
    description: {{ "A container of {{ $labels.pod }} started again {{ $value | humanize }} times in 15 minutes." | quote }}
    {{- include "mcapp.runbook" (list . "McappRestarts") | nindent 4 }}
{{- end -}}

{{/* PostgreSQL and its disk, as the container beside it tells. */}}
{{- define "mcapp.rules.database" -}}
{{- $db := include "mcapp.targets" (list . "db") -}}
- alert: McappDiskFilling
  # Of a disk with a quarter free no trend matters yet, nor does that of a first start, which writes a lot.
  expr: >-
    min by (pod) (mcapp_postgres_volume_free_bytes{ {{- $db }}} / mcapp_postgres_volume_size_bytes{ {{- $db }}}) < 0.05
    or min by (pod) (mcapp_postgres_volume_free_bytes{ {{- $db }}} / mcapp_postgres_volume_size_bytes{ {{- $db }}}) < 0.25
    and on (pod) min by (pod) (predict_linear(mcapp_postgres_volume_free_bytes{ {{- $db }}}[1h], 6 * 3600)) < 0
    and on (pod) min by (pod) (mcapp_postgres_volume_free_bytes{ {{- $db }}} offset 30m)
  for: 5m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "The disk under {{ $labels.pod }} of %s fills up" .Release.Namespace | quote }}
    description: {{ "{{ $value | humanizePercentage }} of it is free. At the speed of the last hour it is full within six hours, or it nearly is." | quote }}
    {{- include "mcapp.runbook" (list . "McappDiskFilling") | nindent 4 }}
- alert: McappConnectionsRunningOut
  # All pods of api may hold 90 of PostgreSQL's 97; the other users of a healthy release leave six.
  expr: {{ printf "min by (pod) (mcapp_postgres_connections_left{%s}) < 4" $db | quote }}
  for: 2m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "PostgreSQL in {{ $labels.pod }} of %s has few connections left" .Release.Namespace | quote }}
    description: {{ "The application can make {{ $value }} more." | quote }}
    {{- include "mcapp.runbook" (list . "McappConnectionsRunningOut") | nindent 4 }}
- alert: McappWalArchiveFailing
  expr: >-
    mcapp_postgres_wal_last_archive_failed_seconds{ {{- $db }}} > mcapp_postgres_wal_last_archived_seconds{ {{- $db }}}
    and increase(mcapp_postgres_wal_archive_failures_total{ {{- $db }}}[15m]) > 0
  for: 5m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "{{ $labels.pod }} of %s cannot archive its WAL" .Release.Namespace | quote }}
    description: What PostgreSQL cannot archive it keeps, until its disk is full.
    {{- include "mcapp.runbook" (list . "McappWalArchiveFailing") | nindent 4 }}
{{- end -}}

{{/* The members of db.mode ha. */}}
{{- define "mcapp.rules.members" -}}
{{- $db := include "mcapp.targets" (list . "db") -}}
- alert: McappNoLeader
  expr: {{ printf "(count(mcapp_postgres_in_recovery{%s} == 0) or vector(0)) == 0" $db | quote }}
  for: {{ include "mcapp.settleSeconds" . | printf "%ss" | quote }}
  labels:
    {{- include "mcapp.alertLabels" (list . "critical") | nindent 4 }}
  annotations:
    summary: {{ printf "The database of %s has no leader" .Release.Namespace | quote }}
    description: No member takes writes.
    {{- include "mcapp.runbook" (list . "McappNoLeader") | nindent 4 }}
- alert: McappReplicaLagging
  expr: {{ printf "max by (replica) (mcapp_postgres_replica_lag_bytes{%s}) > 67108864" $db | quote }}
  for: 5m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
    reason: lag
  annotations:
    summary: {{ printf "Replica {{ $labels.replica }} of %s lags behind" .Release.Namespace | quote }}
    description: {{ "It lacks {{ $value | humanize1024 }}B of the leader's WAL." | quote }}
    {{- include "mcapp.runbook" (list . "McappReplicaLagging") | nindent 4 }}
- alert: McappReplicaLagging
  expr: {{ printf "max(mcapp_postgres_replicas_wanted{%s}) - max(mcapp_postgres_replicas{%s}) > 0" $db $db | quote }}
  # A member that copies all data again takes its time.
  for: 10m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
    reason: away
  annotations:
    summary: {{ printf "The database of %s lacks a replica" .Release.Namespace | quote }}
    description: {{ "{{ $value }} of its members do not follow the leader." | quote }}
    {{- include "mcapp.runbook" (list . "McappReplicaLagging") | nindent 4 }}
{{- end -}}

{{/* The age of the last backup. Kubernetes knows it, and kube-state-metrics tells it. */}}
{{- define "mcapp.rules.backup" -}}
{{- $job := printf "namespace=%q, cronjob=%q" .Release.Namespace (include "mcapp.object" (list . "db-backup")) -}}
- alert: McappBackupTooOld
  # Before the first backup the age is that of the schedule.
  expr: >-
    time() - max(kube_cronjob_status_last_successful_time{ {{- $job }}} or kube_cronjob_created{ {{- $job }}})
    > {{ include "mcapp.backupMaxAge" . }}
  for: 10m
  labels:
    {{- include "mcapp.alertLabels" (list . "warning") | nindent 4 }}
  annotations:
    summary: {{ printf "The last backup of %s is too old" .Release.Namespace | quote }}
    description: {{ "It was made {{ $value | humanizeDuration }} ago." | quote }}
    {{- include "mcapp.runbook" (list . "McappBackupTooOld") | nindent 4 }}
{{- end -}}
