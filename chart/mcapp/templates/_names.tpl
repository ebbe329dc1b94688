{{/* The app.kubernetes.io/name label. */}}
{{- define "mcapp.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
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
