{{/*
What is wrong with an entry of extraManifests, once its expressions are replaced; empty for a right one. Helm would name
the file of the chart, and not the entry. A text may hold several objects, or none; Helm trims each.
Call: include "mcapp.manifestFault" (list . "apiVersion: v1...")
*/}}
{{- define "mcapp.manifestFault" -}}
  {{- $root := index . 0 -}}
  {{- $ownNames := include "mcapp.ownNames" $root | fromJsonArray -}}
  {{- $faults := list -}}
  {{- range $text := regexSplit "(?m)^---(\\s|$)" (index . 1) -1 -}}
    {{- $object := trim $text | fromYaml -}}
    {{- if and (hasKey $object "Error") (not (hasKey $object "kind")) -}}
      {{- $faults = append $faults (contains "cannot unmarshal" $object.Error | ternary "got no object" (printf "got no YAML (%s)" $object.Error)) -}}
    {{- else if $object -}}
      {{- range $key := list "apiVersion" "kind" -}}
        {{- if not (and (kindIs "string" (get $object $key)) (get $object $key)) -}}
          {{- $faults = append $faults (printf "got no %s" $key) -}}
        {{- end -}}
      {{- end -}}
      {{- $head := get $object "metadata" -}}
      {{- $head = kindIs "map" $head | ternary $head dict -}}
      {{- $name := dig "name" "" $head -}}
      {{- if not (or (and (kindIs "string" $name) $name) (hasSuffix "List" (get $object "kind" | toString))) -}}
        {{- $faults = append $faults "got no metadata.name" -}}
      {{- end -}}
      {{- if has $object.kind (list "ConfigMap" "Secret") -}}
        {{- range $field := list "data" "stringData" "binaryData" -}}
          {{- $entries := get $object $field | default dict -}}
          {{- if not (kindIs "map" $entries) -}}
            {{- $faults = append $faults (printf "got %s that is no map" $field) -}}
            {{- $entries = dict -}}
          {{- end -}}
          {{- range $key, $value := $entries -}}
            {{- if not (kindIs "string" $value) -}}
              {{- $faults = append $faults (printf "got %s.%s that is no text" $field $key) -}}
            {{- else if not (regexMatch "^[-._A-Za-z0-9]{1,253}$" $key) -}}
              {{- $faults = append $faults (printf "got %s.%s with a sign that no key may have" $field $key) -}}
            {{- end -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
      {{- $own := printf "%v/%v" $object.kind $name -}}
      {{- $here := dig "namespace" $root.Release.Namespace $head | eq $root.Release.Namespace -}}
      {{- if and (has $own $ownNames) $here -}}
        {{- $faults = append $faults (printf "got %s, which the chart makes itself" $own) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- uniq $faults | join ", " -}}
{{- end -}}

{{/*
The objects that the chart makes with these values in any case, as a JSON array of "Kind/name". Helm would apply both of the
same name, one over the other, without a word.
*/}}
{{- define "mcapp.ownNames" -}}
  {{- $root := . -}}
  {{- $names := list "Deployment/web" "Deployment/api" "Service/web" "Service/api" -}}
  {{- if include "mcapp.ownsDatabase" . -}}
    {{- $names = concat $names (list "StatefulSet/db" "Service/db" "ConfigMap/postgres-init") -}}
    {{- if include "mcapp.isHa" . -}}
      {{- $names = concat $names (list "Service/db-ro" "Service/db-members" "Service/db-config" "Service/db-sync") -}}
      {{- $names = concat $names (list "ConfigMap/db-patroni" "ServiceAccount/db" "Role/db" "RoleBinding/db") -}}
    {{- else -}}
      {{- $names = append $names "PersistentVolumeClaim/postgres-pvc" -}}
    {{- end -}}
    {{- if include "mcapp.ownsPasswords" . -}}
      {{- $names = append $names "Secret/postgres-secret" -}}
    {{- end -}}
    {{- if eq (include "mcapp.databaseTls" .) "auto" -}}
      {{- $names = concat $names (list "Secret/db-ca" "Secret/db-tls") -}}
    {{- end -}}
  {{- end -}}
  {{- $prefixed := list -}}
  {{- range $names -}}
    {{- $parts := splitList "/" . -}}
    {{- $prefixed = append $prefixed (printf "%s/%s" (first $parts) (include "mcapp.object" (list $root (last $parts)))) -}}
  {{- end -}}
  {{- toJson $prefixed -}}
{{- end -}}
