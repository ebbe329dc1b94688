{{/*
A number or a text as the user wrote it. Numbers from a values file are floats, which a template would print as 2.68435456e+08.
Call: include "mcapp.written" 268435456.0
*/}}
{{- define "mcapp.written" -}}
  {{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* A Kubernetes quantity, written as a text or a number, as a plain number: 250m gives 0.25, 1Ki and 1024.0 give 1024. */}}
{{- define "mcapp.quantity" -}}
  {{- $units := dict "" 1 "n" 1e-9 "u" 1e-6 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
        "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
  {{- $text := include "mcapp.written" . -}}
  {{- $number := regexFind "^[0-9.]+([eE][-+]?[0-9]+)?" $text -}}
  {{- mulf (float64 $number) (trimPrefix $number $text | get $units) | toJson -}}
{{- end -}}

{{/* A size in its largest whole unit, in whatever form it was written: 5368709120 gives 5Gi. One with a unit stays. */}}
{{- define "mcapp.size" -}}
  {{- $text := include "mcapp.written" . -}}
  {{- if regexMatch "[A-Za-z]$" $text -}}
    {{- $text -}}
  {{- else -}}
    {{- $count := include "mcapp.quantity" . | float64 | int64 -}}
    {{- $shown := "" -}}
    {{- range $unit := list "Ki" "Mi" "Gi" "Ti" "Pi" "Ei" -}}
      {{- if eq (mod $count 1024) 0 -}}
        {{- $count = div $count 1024 -}}
        {{- $shown = $unit -}}
      {{- end -}}
    {{- end -}}
    {{- printf "%d%s" $count $shown -}}
  {{- end -}}
{{- end -}}

{{/*
A container's requests and limits, each quantity as a text.
Call: include "mcapp.resources" .Values.web.resources
*/}}
{{- define "mcapp.resources" -}}
  {{- $resources := dict -}}
  {{- range $kind, $quantities := . -}}
    {{- $written := dict -}}
    {{- range $name, $quantity := $quantities -}}
      {{- if not (kindIs "invalid" $quantity) -}}
        {{- $_ := include "mcapp.written" $quantity | set $written $name -}}
      {{- end -}}
    {{- end -}}
    {{- $_ := set $resources $kind $written -}}
  {{- end -}}
  {{- toYaml $resources -}}
{{- end -}}

{{/*
The spec of a claim for one pod.
Call: include "mcapp.claim" .Values.db.persistence
*/}}
{{- define "mcapp.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ include "mcapp.className" . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ include "mcapp.size" .size | quote }}
{{- end -}}

{{/* The name of a StorageClass that is asked for: "-" is the class without a name, whose volumes are made by hand. */}}
{{- define "mcapp.className" -}}
  {{- if ne . "-" }}{{ . }}{{ end -}}
{{- end -}}
