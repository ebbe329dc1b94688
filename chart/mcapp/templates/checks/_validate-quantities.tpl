{{/*
Every quantity is one that Kubernetes neither caps nor rounds. A claim that has a part of a byte already keeps it, since a
claim cannot shrink and not every one can grow.
*/}}
{{- define "mcapp.validate.quantities" -}}
  {{- $root := . -}}
  {{- range $part, $claim := dict "db" "postgres-pvc" "backup" "backup-pvc" -}}
    {{- $size := (index $root.Values $part).persistence.size -}}
    {{- with include "mcapp.wrongQuantity" (list (printf "%s.persistence.size" $part) $size "bytes") -}}
      {{- $live := include "mcapp.live" (list $root "v1" "PersistentVolumeClaim" $claim) | fromJson -}}
      {{- $held := dig "spec" "resources" "requests" "storage" "" $live -}}
      {{- if not (and $held (eq (include "mcapp.quantity" $held) (include "mcapp.quantity" $size))) -}}
        {{- . -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $part, $resources := include "mcapp.allResources" . | fromJson -}}
    {{- range $kind, $quantities := $resources -}}
      {{- range $name, $quantity := $quantities -}}
        {{- $of := ternary "count" (ternary "cores" "bytes" (eq $name "cpu")) (contains "/" $name) -}}
        {{- include "mcapp.wrongQuantity" (list (printf "/%s/resources/%s/%s" $part $kind (replace "/" "~1" $name)) $quantity $of) -}}
        {{- $page := trimPrefix "hugepages-" $name -}}
        {{- if and (ne $page $name) $quantity -}}
          {{- if ne (mod (include "mcapp.quantity" $quantity | float64 | int64) (include "mcapp.quantity" $page | float64 | int64)) 0 -}}
            {{- include "mcapp.wrong" (list (printf "/%s/resources/%s/%s" $part $kind $name) $quantity (printf "whole pages of %s" $page)) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $tier := list "web" "api" "db" -}}
    {{- range $index, $volume := (index $root.Values $tier).extraVolumes -}}
      {{- include "mcapp.wrongQuantity" (list (printf "%s.extraVolumes.%d.emptyDir.sizeLimit" $tier $index) (($volume.emptyDir | default dict).sizeLimit) "bytes") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The requests and limits of each container, as JSON, by the part of the values that they are in. */}}
{{- define "mcapp.allResources" -}}
  {{- $all := dict "metrics/exporters" .Values.metrics.exporters.resources -}}
  {{- range $tier := list "web" "api" "db" "backup" -}}
    {{- $_ := set $all $tier (index $.Values $tier).resources -}}
  {{- end -}}
  {{- toJson $all -}}
{{- end -}}

{{/* A line about one quantity if it is wrong. Null is none. */}}
{{- define "mcapp.wrongQuantity" -}}
  {{- if not (kindIs "invalid" (index . 1)) -}}
    {{- with include "mcapp.quantityWanted" (rest .) -}}
      {{- include "mcapp.wrong" (list (index $ 0) (index $ 1) .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
A container's request is at most its limit. Huge pages and what a device plugin counts are never shared, so there the
limit is the request.
*/}}
{{- define "mcapp.validate.resources" -}}
  {{- $root := . -}}
  {{- range $part, $resources := include "mcapp.allResources" . | fromJson -}}
    {{- range $name, $limit := $resources.limits -}}
      {{- $request := dig "requests" $name "" $resources -}}
      {{- if and $request (not (kindIs "invalid" $limit)) (gt (include "mcapp.quantity" $request | float64) (include "mcapp.quantity" $limit | float64)) -}}
        {{- include "mcapp.wrong" (list (printf "/%s/resources/limits/%s" $part (replace "/" "~1" $name)) $limit (include "mcapp.written" $request | printf "at least requests.%s (%s)" $name)) -}}
      {{- end -}}
    {{- end -}}
    {{- range $name, $request := $resources.requests -}}
      {{- $limit := ($resources.limits | default dict) | dig $name nil -}}
      {{- if and (regexMatch "/|^hugepages-" $name) (not (kindIs "invalid" $request)) -}}
        {{- if or (kindIs "invalid" $limit) (ne (include "mcapp.quantity" $request) (include "mcapp.quantity" $limit)) -}}
          {{- include "mcapp.wrong" (list (printf "/%s/resources/requests/%s" $part (replace "/" "~1" $name)) $request (printf "the same as limits.%s" $name)) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
