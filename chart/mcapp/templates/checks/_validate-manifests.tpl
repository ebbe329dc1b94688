{{/*
What is wrong with an entry of extraManifests, once its expressions are replaced; empty for a right one. Helm would name
the file of the chart, and not the entry. A text may hold several objects, or none; Helm trims each.
Call: include "mcapp.manifestFault" "apiVersion: v1..."
*/}}
{{- define "mcapp.manifestFault" -}}
  {{- $faults := list -}}
  {{- range $text := regexSplit "(?m)^---(\\s|$)" . -1 -}}
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
      {{- $name := kindIs "map" $head | ternary $head dict | dig "name" "" -}}
      {{- if not (or (and (kindIs "string" $name) $name) (hasSuffix "List" (get $object "kind" | toString))) -}}
        {{- $faults = append $faults "got no metadata.name" -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- uniq $faults | join ", " -}}
{{- end -}}
