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
{{- $live := include "mcapp.livePasswords" . | fromJson -}}
{{- $superuser := $auth.superuserPassword | default $live.superuser | default (randAlphaNum 24) -}}
{{- $app := $auth.appPassword | default $live.app | default (randAlphaNum 24) -}}
{{- $_ := set $auth "_resolved" (dict "superuser" $superuser "app" $app) -}}
{{- end -}}
{{- toJson $auth._resolved -}}
{{- end -}}

{{/* The passwords of the release's own live Secret, as JSON; none where it is not there or not whole. */}}
{{- define "mcapp.livePasswords" -}}
{{- $keys := .Values.db.auth.keys -}}
{{- $data := (include "mcapp.liveSecret" . | fromJson).data | default dict -}}
{{- $found := dict -}}
{{- range $name, $key := dict "superuser" $keys.superuserPassword "app" $keys.appPassword -}}
{{- with index $data $key -}}
{{- $_ := set $found $name (b64dec .) -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* The password with which members copy from each other, found as those two are. It is no login of a user's. */}}
{{- define "mcapp.replicationPassword" -}}
{{- $auth := .Values.db.auth -}}
{{- if not (hasKey $auth "_replication") -}}
{{- $live := (include "mcapp.liveSecret" . | fromJson).data | default dict -}}
{{- $kept := index $live $auth.keys.replicationPassword | default "" | b64dec -}}
{{- $_ := set $auth "_replication" ($auth.replicationPassword | default $kept | default (randAlphaNum 24)) -}}
{{- end -}}
{{- $auth._replication -}}
{{- end -}}

{{/* "true" where the live Secret holds the passwords and this rendering brings another one. */}}
{{- define "mcapp.passwordsChange" -}}
{{- $live := include "mcapp.livePasswords" . | fromJson -}}
{{- if and $live.superuser $live.app (ne (toJson $live) (include "mcapp.passwords" .)) -}}
true
{{- else if and (include "mcapp.isHa" .) (include "mcapp.liveIsHa" .) -}}
{{- $kept := include "mcapp.liveSecret" . | fromJson | dig "data" .Values.db.auth.keys.replicationPassword "" | b64dec -}}
{{- if and $kept (ne $kept (include "mcapp.replicationPassword" .)) }}true{{ end -}}
{{- end -}}
{{- end -}}

{{/* The two passwords as db's containers get them. */}}
{{- define "mcapp.passwordEnv" -}}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.secret" . }}
      key: {{ .Values.db.auth.keys.superuserPassword }}
- name: APP_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.secret" . }}
      key: {{ .Values.db.auth.keys.appPassword }}
{{- end -}}
