{{/* The Secret with the two passwords: yours, or the release's own. */}}
{{- define "mcapp.secret" -}}
{{- .Values.db.auth.existingSecret | default (include "mcapp.object" (list . "postgres-secret")) -}}
{{- end -}}

{{/*
The two passwords as JSON: {"superuser": ..., "app": ...}. Order: the value given, the live Secret, random.
Worked out once a rendering and kept in .Values, since a second call would draw other random ones.
*/}}
{{- define "mcapp.passwords" -}}
{{- $auth := .Values.db.auth -}}
{{- if not (hasKey $auth "_resolved") -}}
{{- $live := lookup "v1" "Secret" .Release.Namespace (include "mcapp.object" (list . "postgres-secret")) -}}
{{- $data := default dict (default dict $live).data -}}
{{- $superuser := $auth.superuserPassword | default (index $data $auth.keys.superuserPassword | default "" | b64dec) | default (randAlphaNum 24) -}}
{{- $app := $auth.appPassword | default (index $data $auth.keys.appPassword | default "" | b64dec) | default (randAlphaNum 24) -}}
{{- $_ := set $auth "_resolved" (dict "superuser" $superuser "app" $app) -}}
{{- end -}}
{{- toJson $auth._resolved -}}
{{- end -}}
