{{/*
A tier's image reference.
Call: include "mcapp.image" (list . .Values.web.image)
*/}}
{{- define "mcapp.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $image.registry | default (default dict $root.Values.global).imageRegistry }}{{ . }}/{{ end }}{{ $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end }}
{{- end -}}

{{/* The image of db in the mode asked for, and when it is pulled. */}}
{{- define "mcapp.dbImage" -}}
{{- include "mcapp.image" (list . (ternary .Values.db.ha.image .Values.db.image (eq .Values.db.mode "ha"))) -}}
{{- end -}}

{{- define "mcapp.dbPullPolicy" -}}
{{- (ternary .Values.db.ha.image .Values.db.image (eq .Values.db.mode "ha")).pullPolicy -}}
{{- end -}}

{{/*
The checked extras of a tier's pod spec: scheduling priority.
Call: include "mcapp.priority" .Values.web
*/}}
{{- define "mcapp.priority" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* imagePullSecrets of every pod: a parent chart's, then the chart's own; each a name or an object with one. */}}
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

{{/* What Pod Security "restricted" asks of a container, and a read-only root besides. */}}
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

{{/* Who and where a container is, by the downward API. */}}
{{- define "mcapp.identity" -}}
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
