{{/*
The Deployment's `replicas`. With an autoscaler the field is left out, unless the API server would then make it 1.
Call: include "mcapp.replicas" (list . "api")
*/}}
{{- define "mcapp.replicas" -}}
  {{- $values := index (index . 0).Values (index . 1) -}}
  {{- $count := $values.replicas -}}
  {{- if $values.autoscaling.enabled -}}
    {{- $count = include "mcapp.liveReplicas" . -}}
  {{- end -}}
{{- with toString $count -}}
replicas: {{ . }}
{{- end -}}
{{- end -}}

{{/*
The number of pods that an upgrade must repeat, within the autoscaler's bounds; empty where the number stays without it.
A field that an apply leaves out goes back to its default if Helm alone owns it. Once the autoscaler has written it, by
the subresource scale, it owns it too. A merge without server-side apply knows no owners and removes what the previous
revision had, so there the number is repeated every time.
*/}}
{{- define "mcapp.liveReplicas" -}}
  {{- $root := index . 0 -}}
  {{- $bounds := (index $root.Values (index . 1)).autoscaling -}}
  {{- $live := include "mcapp.live" (list $root "apps/v1" "Deployment" (index . 1)) | fromJson -}}
  {{- if $live -}}
    {{- $applied := false -}}
    {{- $ours := false -}}
    {{- $scaled := false -}}
    {{- range $live.metadata.managedFields -}}
      {{- $owned := dig "f:spec" "f:replicas" false (.fieldsV1 | default dict) | kindIs "map" -}}
      {{- if eq (.subresource | default "") "scale" -}}
        {{- $scaled = or $scaled $owned -}}
      {{- else if eq .operation "Apply" -}}
        {{- $applied = true -}}
        {{- $ours = or $ours $owned -}}
      {{- end -}}
    {{- end -}}
    {{- if or (not $applied) (and $ours (not $scaled)) -}}
      {{- $live.spec.replicas | max $bounds.minReplicas | min $bounds.maxReplicas -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
The smallest number of pods that a tier may have.
Call: include "mcapp.leastReplicas" (list . "api")
*/}}
{{- define "mcapp.leastReplicas" -}}
  {{- $values := index (index . 0).Values (index . 1) -}}
  {{- ternary $values.autoscaling.minReplicas $values.replicas $values.autoscaling.enabled -}}
{{- end -}}

{{/*
A tier's autoscaler.
Call: include "mcapp.autoscaler" (list . "api")
*/}}
{{- define "mcapp.autoscaler" -}}
  {{- $autoscaling := (index (index . 0).Values (index . 1)).autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "mcapp.object" . | quote }}
  labels:
    {{- include "mcapp.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "mcapp.object" . | quote }}
  minReplicas: {{ $autoscaling.minReplicas }}
  maxReplicas: {{ $autoscaling.maxReplicas }}
  metrics:
    {{- if and (eq (index . 1) "web") (index . 0).Values.metrics.exporters.enabled }}
    # Of nginx alone: the percentage is of web.resources.
    - type: ContainerResource
      containerResource:
        container: nginx
        name: cpu
    {{- else }}
    - type: Resource
      resource:
        name: cpu
    {{- end }}
        target:
          type: Utilization
          averageUtilization: {{ $autoscaling.targetCPUUtilizationPercentage }}
  {{- with $autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
