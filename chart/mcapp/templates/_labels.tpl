{{/* Labels that tell the release's pods from all others. */}}
{{- define "mcapp.release" -}}
app.kubernetes.io/name: {{ include "mcapp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
Labels that tell a tier's pods from all others. They are immutable in workloads: no version in them.
Call: include "mcapp.selector" (list . "web")
*/}}
{{- define "mcapp.selector" -}}
{{ include "mcapp.release" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/*
Labels of a tier's pods: no version of the chart, or each new one would restart a database it does not change.
Call: include "mcapp.podLabels" (list . "web")
*/}}
{{- define "mcapp.podLabels" -}}
{{ include "mcapp.selector" . }}
app.kubernetes.io/part-of: mcapp
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end -}}

{{/* All labels of an object that belongs to a tier. */}}
{{- define "mcapp.labels" -}}
{{- $root := index . 0 -}}
{{ include "mcapp.podLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}
