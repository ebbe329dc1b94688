{{/*
Where a tier's pods may run. It is node affinity and never spec.nodeName: a volume that waits for its first consumer is
bound only if the scheduler places the pod.
Call: include "mcapp.placement" (list . "db"); a third item keeps the tier's pods on nodes apart.
*/}}
{{- define "mcapp.placement" -}}
  {{- $root := index . 0 -}}
  {{- $tier := index . 1 -}}
  {{- $apart := gt (len .) 2 -}}
  {{- $values := index $root.Values $tier -}}
  {{- $databaseNode := include "mcapp.databaseNode" $root | fromJson -}}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.affinity }}
affinity:
  {{- toYaml $values.affinity | nindent 2 }}
{{- else if or $apart (eq $root.Values.topology "multi") }}
affinity:
  {{- if $apart }}
  podAntiAffinity:
    {{- if eq $root.Values.db.ha.antiAffinity "required" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "mcapp.selector" (list $root $tier) | nindent 12 }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "mcapp.selector" (list $root $tier) | nindent 14 }}
    {{- end }}
  {{- end }}
  {{- if eq $root.Values.topology "multi" }}
  nodeAffinity:
    {{- if eq $tier "db" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            {{- range $key, $value := $databaseNode }}
            - key: {{ $key | quote }}
              operator: In
              values: [{{ $value | quote }}]
            {{- end }}
    {{- else if eq $root.Values.placement.appOffDatabaseNode "required" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        {{- range $key, $value := $databaseNode }}
        - matchExpressions:
            - key: {{ $key | quote }}
              operator: NotIn
              values: [{{ $value | quote }}]
        {{- end }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      {{- range $key, $value := $databaseNode }}
      - weight: 100
        preference:
          matchExpressions:
            - key: {{ $key | quote }}
              operator: NotIn
              values: [{{ $value | quote }}]
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The labels that lead db to its node, as JSON. */}}
{{- define "mcapp.databaseNode" -}}
  {{- with .Values.placement -}}
    {{- .databaseNodeLabelsOverride | default .databaseNodeLabels | toJson -}}
  {{- end -}}
{{- end -}}

{{/* The labels of db's node, in the form of kubectl's selectors: role=database,disk=fast. */}}
{{- define "mcapp.databaseNodeLabels" -}}
  {{- $labels := list -}}
  {{- range $key, $value := include "mcapp.databaseNode" . | fromJson -}}
    {{- $labels = append $labels (printf "%s=%s" $key $value) -}}
  {{- end -}}
  {{- join "," $labels -}}
{{- end -}}

{{/*
How a tier's pods spread: the values given, or over the nodes as evenly as possible.
Call: include "mcapp.spread" (list . "api")
*/}}
{{- define "mcapp.spread" -}}
  {{- $root := index . 0 -}}
  {{- $given := (index $root.Values (index . 1)).topologySpreadConstraints -}}
topologySpreadConstraints:
  {{- if $given }}
    {{- toYaml $given | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "mcapp.selector" . | nindent 8 }}
  {{- end }}
{{- end -}}
