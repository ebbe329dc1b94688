{{/*
Stops before anything is changed when the values would keep db off the node that holds its volume: the pod would stay
Pending for ever. Without a cluster to look at (helm template) this stops nothing.
*/}}
{{- define "mcapp.checkVolume" -}}
  {{- $root := . -}}
  {{- $wanted := merge dict .Values.db.nodeSelector -}}
  {{- if eq .Values.topology "multi" -}}
    {{- $wanted = merge $wanted (include "mcapp.databaseNode" . | fromJson) -}}
  {{- end -}}
  {{- if and (include "mcapp.ownsDatabase" .) .Values.placement.checkVolume $wanted (not .Values.db.affinity) -}}
    {{- $claims := list (include "mcapp.liveClaim" . | fromJson) -}}
    {{- if include "mcapp.isHa" . -}}
      {{- $claims = include "mcapp.liveMemberClaims" . | fromJsonArray -}}
    {{- end -}}
    {{- range $claim := $claims -}}
      {{- range $hostname := include "mcapp.volumeHostnames" (list $root $claim) | fromJsonArray -}}
        {{- range $node := (include "mcapp.liveInCluster" (list $root "v1" "Node" "") | fromJson).items -}}
          {{- if eq (dig "metadata" "labels" "kubernetes.io/hostname" "" $node) $hostname -}}
            {{- range $key, $value := $wanted -}}
              {{- if ne (dig "metadata" "labels" $key "" $node) $value -}}
                {{- fail (include "mcapp.volumeElsewhere" (dict "root" $root "claim" $claim "node" $node "label" (printf "%s=%s" $key $value))) -}}
              {{- end -}}
            {{- end -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
The hostname labels of the nodes that a live claim's volume is bound to, as a JSON array.
Call: include "mcapp.volumeHostnames" (list . $claim)
*/}}
{{- define "mcapp.volumeHostnames" -}}
  {{- $root := index . 0 -}}
  {{- $hostnames := list -}}
  {{- with dig "spec" "volumeName" "" (index . 1) -}}
    {{- $volume := include "mcapp.liveInCluster" (list $root "v1" "PersistentVolume" .) | fromJson -}}
    {{- range $term := dig "spec" "nodeAffinity" "required" "nodeSelectorTerms" list $volume -}}
      {{- range $expression := $term.matchExpressions -}}
        {{- if and (eq $expression.key "kubernetes.io/hostname") (eq $expression.operator "In") -}}
          {{- $hostnames = append $hostnames (first $expression.values) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $hostnames -}}
{{- end -}}

{{- define "mcapp.volumeElsewhere" }}
{{- $root := .root }}

NOTHING WAS CHANGED. The database's volume ({{ .claim.spec.volumeName }}, claim {{ .claim.metadata.name }}) is on node {{ .node.metadata.name }}, which does not carry {{ .label }}; db could never start there.
Either keep it where its data are:   kubectl label node {{ .node.metadata.name }} {{ .label }}
{{- if include "mcapp.isHa" $root }}
or let this member copy the data anew, while the others run:  kubectl -n {{ $root.Release.Namespace }} delete pvc/{{ .claim.metadata.name }} pod/{{ trimPrefix "data-" .claim.metadata.name }} --wait=false
{{- else }}
or move the data where they may be: python scripts/movedb.py --to {{ $root.Values.topology }} -n {{ $root.Release.Namespace }} --release {{ $root.Release.Name }}
{{- end }}
{{ end -}}
