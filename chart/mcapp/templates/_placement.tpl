{{/*
Where a tier's pods may run. Node affinity, never spec.nodeName: the scheduler must see the pod, or
a volume that waits for its first consumer is never bound.
Call: include "mcapp.placement" (list . "db")
*/}}
{{- define "mcapp.placement" -}}
{{- $root := index . 0 -}}
{{- $tier := index . 1 -}}
{{- $values := index $root.Values $tier -}}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if eq $root.Values.topology "multi" }}
affinity:
  nodeAffinity:
    {{- if eq $tier "db" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            {{- range $key, $value := $root.Values.placement.databaseNodeLabels }}
            - key: {{ $key | quote }}
              operator: In
              values: [{{ $value | quote }}]
            {{- end }}
    {{- else if eq $root.Values.placement.appOffDatabaseNode "required" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        {{- range $key, $value := $root.Values.placement.databaseNodeLabels }}
        - matchExpressions:
            - key: {{ $key | quote }}
              operator: NotIn
              values: [{{ $value | quote }}]
        {{- end }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      {{- range $key, $value := $root.Values.placement.databaseNodeLabels }}
      - weight: 100
        preference:
          matchExpressions:
            - key: {{ $key | quote }}
              operator: NotIn
              values: [{{ $value | quote }}]
      {{- end }}
    {{- end }}
{{- end }}
{{- end -}}
