{{/*
Stops before anything is changed where a new db.mode would lose data.

To standalone: the first member's volume may be behind. The release was uninstalled while another member led, and
standalone would not look at that one's volume.
*/}}
{{- define "mcapp.checkLeader" -}}
  {{- if and (eq .Values.db.mode "standalone") (not (include "mcapp.liveIsHa" .)) -}}
    {{- $leader := include "mcapp.liveLeader" . | fromJson | dig "metadata" "annotations" "leader" "" -}}
    {{- $first := printf "%s-0" (include "mcapp.object" (list . "db")) -}}
    {{- if and $leader (ne $leader $first) (include "mcapp.liveClaim" . | fromJson) -}}
      {{- fail (include "mcapp.otherLed" (dict "root" . "leader" $leader)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- define "mcapp.otherLed" }}
{{- $claim := include "mcapp.object" (list .root "postgres-pvc") }}

NOTHING WAS CHANGED. When this database last ran, {{ .leader }} led; the claim {{ $claim }} may lack its last writes.
Install with --set db.mode=ha first, then upgrade with --set db.mode=standalone.
If the data of {{ $claim }} are the right ones all the same:  kubectl -n {{ .root.Release.Namespace }} delete configmap/{{ include "mcapp.object" (list .root "db") }}-leader
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
