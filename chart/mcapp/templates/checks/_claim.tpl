{{/*
Stops before anything is changed when the live claim cannot become what the values ask for. Kubernetes would refuse it
half-way through the upgrade, after other objects were changed. Without a cluster to look at (helm template) this stops
nothing.
*/}}
{{- define "mcapp.checkClaim" -}}
  {{- $claim := include "mcapp.liveClaim" . | fromJson -}}
  {{- if include "mcapp.isHa" . -}}
    {{- include "mcapp.checkClaimTemplate" . -}}
  {{- else if and (include "mcapp.ownsDatabase" .) $claim (not (dig "metadata" "deletionTimestamp" "" $claim)) -}}
    {{- $asked := .Values.db.persistence -}}
    {{- $live := dict "size" $claim.spec.resources.requests.storage "class" (dig "spec" "storageClassName" "" $claim) "unset" (not (hasKey $claim.spec "storageClassName")) -}}
    {{- $wanted := include "mcapp.quantity" $asked.size | float64 -}}
    {{- $held := include "mcapp.quantity" $live.size | float64 -}}
    {{- $call := dict "root" . "live" $live -}}
    {{- if and $asked.storageClass (ne (include "mcapp.className" $asked.storageClass) $live.class) -}}
      {{- fail (include "mcapp.otherClass" $call) -}}
    {{- else if lt $wanted $held -}}
      {{- fail (include "mcapp.smallerClaim" $call) -}}
    {{- else if and (gt $wanted $held) (not (dig "spec" "volumeName" "" $claim)) -}}
      {{- fail (include "mcapp.unboundClaim" $call) -}}
    {{- else if and (gt $wanted $held) .Values.placement.checkVolume -}}
      {{- $class := include "mcapp.liveInCluster" (list . "storage.k8s.io/v1" "StorageClass" $live.class) | fromJson -}}
      {{- if or (not $live.class) (not (dig "allowVolumeExpansion" false $class)) -}}
        {{- fail (include "mcapp.fixedClaim" $call) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The same in mode ha, where the claims are made by a template of the StatefulSet. */}}
{{- define "mcapp.checkClaimTemplate" -}}
  {{- with include "mcapp.liveDatabase" . | fromJson | dig "spec" "volumeClaimTemplates" list | first -}}
    {{- $asked := include "mcapp.claim" $.Values.db.persistence | fromYaml -}}
    {{- $size := ne (include "mcapp.quantity" $asked.resources.requests.storage) (include "mcapp.quantity" .spec.resources.requests.storage) -}}
    {{- if or $size (ne (dig "storageClassName" "(unset)" $asked) (dig "storageClassName" "(unset)" .spec)) -}}
      {{- fail (include "mcapp.otherTemplate" (dict "root" $ "live" .spec "size" $asked.resources.requests.storage)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The way for those who cannot leave the claim as it is. */}}
{{- define "mcapp.newClaim" -}}
or move the data to a new claim:  back them up (pg_dump), uninstall, delete the claim, install with these values, restore
{{- end -}}

{{- define "mcapp.otherClass" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list .root "postgres-pvc") }} is of StorageClass {{ .live.class | default "(none)" }}, which cannot become {{ include "mcapp.className" .root.Values.db.persistence.storageClass | default "(none)" }}.
Either leave the class as it is:  --set db.persistence.storageClass={{ .live.class | default (ternary "" "-" .live.unset) }}
{{ include "mcapp.newClaim" . }}
{{ end -}}

{{- define "mcapp.smallerClaim" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list .root "postgres-pvc") }} asks for {{ .live.size }}, db.persistence.size for {{ include "mcapp.written" .root.Values.db.persistence.size }}: a claim cannot shrink.
Either leave the size as it is:   --set db.persistence.size={{ .live.size }}
{{ include "mcapp.newClaim" . }}
{{ end -}}

{{- define "mcapp.unboundClaim" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list .root "postgres-pvc") }} asks for {{ .live.size }} and has no volume yet, so its size cannot change.
Either leave the size as it is:   --set db.persistence.size={{ .live.size }}
or delete the claim, which is empty:  kubectl -n {{ .root.Release.Namespace }} delete pvc/{{ include "mcapp.object" (list .root "postgres-pvc") }} --wait=false
{{ end -}}

{{- define "mcapp.fixedClaim" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list .root "postgres-pvc") }} asks for {{ .live.size }}, db.persistence.size for {{ include "mcapp.written" .root.Values.db.persistence.size }}, but StorageClass {{ .live.class | default "(none)" }} cannot make a volume larger (allowVolumeExpansion).
Either leave the size as it is:   --set db.persistence.size={{ .live.size }}{{ if contains "local-path" .live.class }}   # its volumes have the whole disk all the same{{ end }}
{{ include "mcapp.newClaim" . }}
{{ end -}}

{{- define "mcapp.otherTemplate" }}
{{- $database := include "mcapp.object" (list .root "db") }}
{{- $kubectl := printf "kubectl -n %s" .root.Release.Namespace }}

NOTHING WAS CHANGED. The StatefulSet {{ $database }} makes the members' claims of {{ .live.resources.requests.storage }} and StorageClass {{ dig "storageClassName" "(the default)" .live | default "(none)" }}; Kubernetes lets no upgrade change that.
Either leave both as they are:   --set db.persistence.size={{ .live.resources.requests.storage }}{{ if hasKey .live "storageClassName" }} --set db.persistence.storageClass={{ .live.storageClassName | default "-" }}{{ end }}
or make each claim larger, where its StorageClass can, and take the StatefulSet away, whose pods stay; then upgrade:
  {{ $kubectl }} patch pvc/{{ include "mcapp.memberClaim" (list .root 0) }} --patch='{"spec": {"resources": {"requests": {"storage": "{{ .size }}"}}}}'
  {{ $kubectl }} delete statefulset/{{ $database }} --cascade=orphan
{{ end -}}
