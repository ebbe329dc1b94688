{{/*
The chart's only look-ups. Each is a request to the API server, so an object is looked up once for each rendering and
kept in .Values. A template that looks at a live object calls one of the two helpers below.
*/}}
{{- define "mcapp.lookUp" -}}
  {{- $root := index . 0 -}}
  {{- $key := rest . | join "/" -}}
  {{- if not (hasKey $root.Values "_live") -}}
    {{- $_ := set $root.Values "_live" dict -}}
  {{- end -}}
  {{- if not (hasKey $root.Values._live $key) -}}
    {{- $_ := set $root.Values._live $key (lookup (index . 1) (index . 2) (index . 3) (index . 4)) -}}
  {{- end -}}
  {{- get $root.Values._live $key | toJson -}}
{{- end -}}

{{/*
An object of the release as it is in the cluster, as JSON. It is {} where there is no such object, and where there is
no cluster to look at (helm template).
Call: include "mcapp.live" (list . "v1" "Secret" "postgres-secret") | fromJson
*/}}
{{- define "mcapp.live" -}}
  {{- $root := index . 0 -}}
  {{- $name := include "mcapp.object" (list $root (index . 3)) -}}
  {{- include "mcapp.lookUp" (list $root (index . 1) (index . 2) $root.Release.Namespace $name) -}}
{{- end -}}

{{/*
The same for an object that belongs to no namespace. An empty name gives all objects of the kind, as `items`.
Call: include "mcapp.liveInCluster" (list . "v1" "Node" "") | fromJson
*/}}
{{- define "mcapp.liveInCluster" -}}
  {{- include "mcapp.lookUp" (list (index . 0) (index . 1) (index . 2) "" (index . 3)) -}}
{{- end -}}

{{/* The claim of the database's volume, in the mode that the values ask for, as it is in the cluster. */}}
{{- define "mcapp.liveClaim" -}}
  {{- if include "mcapp.isHa" . -}}
    {{- include "mcapp.liveMemberClaim" . -}}
  {{- else -}}
    {{- include "mcapp.live" (list . "v1" "PersistentVolumeClaim" "postgres-pvc") -}}
  {{- end -}}
{{- end -}}

{{/* The members' claims in mode ha that are in the cluster, as a JSON array. */}}
{{- define "mcapp.liveMemberClaims" -}}
  {{- $root := . -}}
  {{- $claims := list -}}
  {{- range $number := until (int .Values.db.ha.members) -}}
    {{- $name := include "mcapp.memberClaim" (list $root $number) -}}
    {{- with include "mcapp.lookUp" (list $root "v1" "PersistentVolumeClaim" $root.Release.Namespace $name) | fromJson -}}
      {{- $claims = append $claims . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $claims -}}
{{- end -}}

{{/* The first of them; {} where there is none. */}}
{{- define "mcapp.liveMemberClaim" -}}
  {{- include "mcapp.liveMemberClaims" . | fromJsonArray | first | default dict | toJson -}}
{{- end -}}

{{/* The release's own Secret with the passwords, as it is in the cluster. */}}
{{- define "mcapp.liveSecret" -}}
  {{- include "mcapp.live" (list . "v1" "Secret" "postgres-secret") -}}
{{- end -}}

{{/* The StatefulSet of the database, as it is in the cluster. */}}
{{- define "mcapp.liveDatabase" -}}
  {{- include "mcapp.live" (list . "apps/v1" "StatefulSet" "db") -}}
{{- end -}}
