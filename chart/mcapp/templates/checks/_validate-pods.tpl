{{/*
What a user adds to a tier's pods must fit what the pods already have. The API server would refuse such a pod, but only
after other objects were made. This reads the rendered workloads, so no list of names is kept here.
*/}}
{{- define "mcapp.validate.pods" -}}
  {{- $root := . -}}
  {{- $db := ternary "db/ha/statefulset" "db/statefulset" (eq $root.Values.db.mode "ha") -}}
  {{- range $tier, $file := dict "web" "web/deployment" "api" "api/deployment" "db" $db -}}
    {{- $workload := include (printf "%s/%s.yaml" $root.Template.BasePath $file) $root | fromYaml -}}
    {{- $pod := dig "spec" "template" "spec" (dict "volumes" list "containers" list) $workload -}}
    {{- $volumes := list -}}
    {{- range dig "spec" "volumeClaimTemplates" list $workload -}}
      {{- $volumes = append $volumes .metadata.name -}}
    {{- end -}}
    {{- range $pod.volumes -}}
      {{- if has .name $volumes -}}
        {{- include "mcapp.wrong" (list (printf "%s.extraVolumes" $tier) .name "a name that no other volume of the pod has") -}}
      {{- end -}}
      {{- $volumes = append $volumes .name -}}
    {{- end -}}
    {{- range $pod.containers -}}
      {{- $variables := list -}}
      {{- range .env -}}
        {{- if and (has .name $variables) (not (list $tier .name | include "mcapp.reserved")) -}}
          {{- include "mcapp.wrong" (list (printf "%s.extraEnv" $tier) .name "a variable that is not set already") -}}
        {{- end -}}
        {{- $variables = append $variables .name -}}
      {{- end -}}
      {{- $paths := list -}}
      {{- range .volumeMounts -}}
        {{- if has (trimSuffix "/" .mountPath) $paths -}}
          {{- include "mcapp.wrong" (list (printf "%s.extraVolumeMounts" $tier) .mountPath "a path where nothing else is mounted") -}}
        {{- end -}}
        {{- $paths = trimSuffix "/" .mountPath | append $paths -}}
        {{- if not (has .name $volumes) -}}
          {{- include "mcapp.wrong" (list (printf "%s.extraVolumeMounts" $tier) .name (printf "a volume of the pod: %s" (uniq $volumes | join ", "))) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* No two rules spread over the same label in the same way: the API server takes the pair for the rule's name. */}}
{{- define "mcapp.validate.spread" -}}
  {{- $root := . -}}
  {{- range $tier := list "web" "api" -}}
    {{- $pairs := list -}}
    {{- range (index $root.Values $tier).topologySpreadConstraints -}}
      {{- $pair := printf "%s, %s" .topologyKey .whenUnsatisfiable -}}
      {{- if has $pair $pairs -}}
        {{- include "mcapp.wrong" (list (printf "%s.topologySpreadConstraints" $tier) $pair "another topologyKey or whenUnsatisfiable in each") -}}
      {{- end -}}
      {{- $pairs = append $pairs $pair -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
