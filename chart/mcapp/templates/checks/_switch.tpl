{{/*
Stops before anything is changed where a new db.mode would leave the data behind. Between standalone and ha they are on
other claims, and only a move takes them along: it lets itself through by db.ha.follow.
*/}}
{{- define "mcapp.checkMode" -}}
  {{- $live := include "mcapp.liveMode" . -}}
  {{- if and $live (include "mcapp.ownsDatabase" .) (ne $live .Values.db.mode) (not .Values.db.ha.follow) -}}
    {{- fail (include "mcapp.otherMode" (dict "root" . "live" $live)) -}}
  {{- end -}}
  {{- /* Before its switch, an upgrade would undo half of the move. It has begun where the StatefulSet is of the other mode. */ -}}
  {{- $record := include "mcapp.live" (list . "v1" "ConfigMap" "db-mode") | fromJson -}}
  {{- $move := dig "data" "move.json" "{}" $record | fromJson -}}
  {{- if and (include "mcapp.liveDatabase" . | fromJson) (eq $live (get $move "to" | default "")) (not (has "switch" $move.done)) (not .Values.db.ha.follow) -}}
    {{- fail (include "mcapp.inMove" (dict "root" . "to" $live)) -}}
  {{- end -}}
{{- end -}}

{{- define "mcapp.inMove" }}
{{- $flags := printf "-n %s --release %s" .root.Release.Namespace .root.Release.Name }}

NOTHING WAS CHANGED. A move of the data to db.mode {{ .to }} is not finished.
Either go on with it:  python scripts/movedb.py --to {{ .to }} {{ $flags }}
or give it up:         python scripts/movedb.py --back {{ $flags }}
{{ end -}}

{{- define "mcapp.otherMode" }}
{{- $root := .root }}
{{- $flags := printf "-n %s --release %s" $root.Release.Namespace $root.Release.Name }}

NOTHING WAS CHANGED. The data of this release are those of db.mode {{ .live }}; with {{ $root.Values.db.mode }} they would stay behind, on {{ ternary (include "mcapp.memberClaim" (list $root 0) | printf "the claims %s and so on") (include "mcapp.object" (list $root "postgres-pvc") | printf "the claim %s") (eq .live "ha") }}.
Either leave the mode as it is:  --set db.mode={{ .live }}
or move the data while it runs:  python scripts/movedb.py --to {{ $root.Values.db.mode }} {{ $flags }}
{{ end -}}

{{/* To external: Helm removes what a revision no longer has, unless it is marked to be kept, and the claim with it. */}}
{{- define "mcapp.checkSwitch" -}}
  {{- if and .Release.IsUpgrade (not (include "mcapp.ownsDatabase" .)) -}}
    {{- $claim := include "mcapp.liveClaim" . | fromJson -}}
    {{- $annotations := dig "metadata" "annotations" dict $claim -}}
    {{- $ours := eq (index $annotations "meta.helm.sh/release-name" | default "") .Release.Name -}}
    {{- $kept := eq (index $annotations "helm.sh/resource-policy" | default "") "keep" -}}
    {{- if and $ours (not $kept) (not (dig "metadata" "deletionTimestamp" "" $claim)) -}}
      {{- fail (include "mcapp.switchDeletes" .) -}}
    {{- else if eq (include "mcapp.liveDatabase" . | fromJson | dig "spec" "persistentVolumeClaimRetentionPolicy" "whenDeleted" "") "Delete" -}}
      {{- fail (include "mcapp.switchDeletesMembers" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- define "mcapp.switchDeletes" }}
{{- $claim := include "mcapp.object" (list . "postgres-pvc") }}
{{- $secret := include "mcapp.object" (list . "postgres-secret") }}

NOTHING WAS CHANGED. db.mode external takes the release's own database away, and its claim {{ $claim }} is not marked to be kept: its data would be deleted.
To keep them:          kubectl -n {{ .Release.Namespace }} annotate pvc/{{ $claim }}{{ if include "mcapp.liveSecret" . | fromJson }} secret/{{ $secret }}{{ end }} helm.sh/resource-policy=keep
If the data may go:    kubectl -n {{ .Release.Namespace }} delete pvc/{{ $claim }} --wait=false
{{ end -}}

{{- define "mcapp.switchDeletesMembers" }}
{{- $database := include "mcapp.object" (list . "db") }}
{{- $with := list }}
{{- range list "db-config" "db-sync" }}
  {{- $with = append $with (printf "service/%s" (include "mcapp.object" (list $ .))) }}
{{- end }}
{{- if include "mcapp.liveSecret" . | fromJson }}
  {{- $with = append $with (printf "secret/%s" (include "mcapp.object" (list . "postgres-secret"))) }}
{{- end }}

NOTHING WAS CHANGED. db.mode external takes the release's own database away, and its StatefulSet {{ $database }} deletes the members' claims with it: their data would be deleted.
To keep them:          kubectl -n {{ .Release.Namespace }} patch statefulset/{{ $database }} --patch='{"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}}'
                       kubectl -n {{ .Release.Namespace }} annotate {{ join " " $with }} helm.sh/resource-policy=keep
If the data may go:    kubectl -n {{ .Release.Namespace }} delete statefulset/{{ $database }}
{{ end -}}
