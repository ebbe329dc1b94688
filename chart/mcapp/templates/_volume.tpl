{{/*
Stops before anything is changed when db would be asked off the node that its volume is on: the pod would
stay Pending for ever. Looks at the live claim, its volume and that volume's node; sees nothing, and stops
nothing, where there is no cluster to look at (helm template).
*/}}
{{- define "mcapp.checkVolume" -}}
{{- $root := . -}}
{{- $claimName := include "mcapp.object" (list . "postgres-pvc") -}}
{{- $wanted := merge dict .Values.db.nodeSelector -}}
{{- if eq .Values.topology "multi" -}}
{{- $wanted = merge $wanted .Values.placement.databaseNodeLabels -}}
{{- end -}}
{{- if and (include "mcapp.ownsDatabase" .) .Values.placement.checkVolume $wanted (not .Values.db.affinity) -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .Release.Namespace $claimName -}}
{{- if dig "spec" "volumeName" "" $claim -}}
{{- $volume := lookup "v1" "PersistentVolume" "" $claim.spec.volumeName -}}
{{- range $term := dig "spec" "nodeAffinity" "required" "nodeSelectorTerms" list $volume -}}
{{- range $expression := $term.matchExpressions | default list -}}
{{- if and (eq $expression.key "kubernetes.io/hostname") (eq $expression.operator "In") -}}
{{- $hostname := first $expression.values -}}
{{- range $node := (lookup "v1" "Node" "" "").items -}}
{{- if eq (dig "metadata" "labels" "kubernetes.io/hostname" "" $node) $hostname -}}
{{- range $key, $value := $wanted -}}
{{- if ne (dig "metadata" "labels" $key "" $node) $value -}}
{{- fail (printf "\n\nNOTHING WAS CHANGED. The database's volume (%s, claim %s) is on node %s, which does not carry %s=%s; db could never start there.\nEither keep it where its data are:   kubectl label node %s %s=%s\nor move the data where they may be: python scripts/movedb.py --to %s -n %s --release %s\n" $claim.spec.volumeName $claimName $node.metadata.name $key $value $node.metadata.name $key $value $root.Values.topology $root.Release.Namespace $root.Release.Name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
