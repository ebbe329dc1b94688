{{/* The value of the label app.kubernetes.io/name. */}}
{{- define "mcapp.name" -}}
  {{- default .Chart.Name .Values.nameOverride | include "mcapp.labelValue" -}}
{{- end -}}

{{/*
A text as the value of a label: 63 characters, with a letter or digit at both ends. A version may have a "+" or be longer.
Call: include "mcapp.labelValue" .Chart.AppVersion
*/}}
{{- define "mcapp.labelValue" -}}
  {{- regexReplaceAll "[^-_.A-Za-z0-9]" . "_" | trimAll "-_." | trunc 63 | trimAll "-_." -}}
{{- end -}}

{{/* A text as an image's tag, with the same call. */}}
{{- define "mcapp.imageTag" -}}
  {{- regexReplaceAll "[^-_.A-Za-z0-9]" . "_" | trimAll "-." | trunc 128 -}}
{{- end -}}

{{/*
An object's name: the prefix, then the name that the documentation uses.
Call: include "mcapp.object" (list . "postgres-pvc")
*/}}
{{- define "mcapp.object" -}}
  {{- $root := index . 0 -}}
  {{- $prefix := $root.Values.namePrefix -}}
  {{- if $prefix }}{{ trimSuffix "-" $prefix }}-{{ end }}{{ index . 1 -}}
{{- end -}}

{{/* The labels that select all pods of the release. */}}
{{- define "mcapp.release" -}}
app.kubernetes.io/name: {{ include "mcapp.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/*
The labels that select a tier's pods. A workload's selector is immutable, so they hold no version.
Call: include "mcapp.selector" (list . "web")
*/}}
{{- define "mcapp.selector" -}}
{{ include "mcapp.release" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- end -}}

{{/*
The labels of a tier's pods. They hold no version: a new version of the chart would restart a database that it does not change.
Call: include "mcapp.podLabels" (list . "web")
*/}}
{{- define "mcapp.podLabels" -}}
{{ include "mcapp.selector" . }}
app.kubernetes.io/part-of: mcapp
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service | quote }}
{{- end -}}

{{/* The labels of an object that belongs to a tier, with the same call. */}}
{{- define "mcapp.labels" -}}
  {{- $root := index . 0 -}}
{{ include "mcapp.podLabels" . }}
app.kubernetes.io/version: {{ include "mcapp.labelValue" $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | include "mcapp.labelValue" | quote }}
{{- end -}}

{{/*
A reference to an image, as a container names it.
Call: include "mcapp.image" (list . .Values.web.image)
*/}}
{{- define "mcapp.image" -}}
  {{- $root := index . 0 -}}
  {{- $image := index . 1 -}}
  {{- with $image.registry | default (default dict $root.Values.global).imageRegistry }}{{ . }}/{{ end }}{{ $image.repository -}}
  {{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag | include "mcapp.imageTag" }}{{ end }}
{{- end -}}

{{/*
The scheduling priority of a tier's pods, where there is one.
Call: include "mcapp.priority" .Values.web
*/}}
{{- define "mcapp.priority" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The imagePullSecrets of every pod: a parent chart's, then the chart's own. Each is a name or an object with one. */}}
{{- define "mcapp.pullSecrets" -}}
  {{- $names := list -}}
  {{- range concat ((.Values.global | default dict).imagePullSecrets | default list) .Values.imagePullSecrets -}}
    {{- if kindIs "string" . -}}
      {{- $names = append $names . -}}
    {{- else -}}
      {{- $names = append $names .name -}}
    {{- end -}}
  {{- end -}}
{{- with uniq $names }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What Pod Security "restricted" asks of a container, and a read-only root. */}}
{{- define "mcapp.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}

{{/*
What Pod Security "restricted" asks of a pod that runs as one user.
Call: include "mcapp.podSecurity" 101
*/}}
{{- define "mcapp.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* A container's pod and node in its environment, by the downward API. */}}
{{- define "mcapp.identityEnv" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: NODE_ADDRESS
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
{{- end -}}
