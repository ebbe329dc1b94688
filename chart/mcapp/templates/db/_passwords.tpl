{{/* "true" where the release makes, keeps and changes the passwords. */}}
{{- define "mcapp.ownsPasswords" -}}
  {{- if and (include "mcapp.ownsDatabase" .) (not .Values.db.auth.existingSecret) }}true{{ end -}}
{{- end -}}

{{/* The name of the Secret with the passwords: the user's, or the release's own. */}}
{{- define "mcapp.passwordSecret" -}}
  {{- .Values.db.auth.existingSecret | default (include "mcapp.object" (list . "postgres-secret")) -}}
{{- end -}}

{{/*
The passwords of the roles postgres and app as JSON: {"superuser": ..., "app": ...}. Each is the value given, else that
of the live Secret, else a random one. They are kept in .Values, since a second call would draw other random ones.
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

{{/* Those of the two that the release's own live Secret holds, as JSON; {} without such a Secret. */}}
{{- define "mcapp.livePasswords" -}}
  {{- $keys := .Values.db.auth.keys -}}
  {{- $data := (include "mcapp.liveSecret" . | fromJson).data | default dict -}}
  {{- $held := dict -}}
  {{- range $name, $key := dict "superuser" $keys.superuserPassword "app" $keys.appPassword -}}
    {{- with index $data $key -}}
      {{- $_ := set $held $name (b64dec .) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $held -}}
{{- end -}}

{{/*
The password of the role replicator, with which the members copy from each other. It comes from the same three sources.
*/}}
{{- define "mcapp.replicationPassword" -}}
  {{- $auth := .Values.db.auth -}}
  {{- if not (hasKey $auth "_replication") -}}
    {{- $live := include "mcapp.liveReplicationPassword" . -}}
    {{- $_ := set $auth "_replication" ($auth.replicationPassword | default $live | default (randAlphaNum 24)) -}}
  {{- end -}}
  {{- $auth._replication -}}
{{- end -}}

{{/* That password in the release's own live Secret; empty where it is not there. */}}
{{- define "mcapp.liveReplicationPassword" -}}
  {{- include "mcapp.liveSecret" . | fromJson | dig "data" .Values.db.auth.keys.replicationPassword "" | b64dec -}}
{{- end -}}

{{/* "true" where the live Secret holds passwords and this rendering brings another one. */}}
{{- define "mcapp.passwordsChange" -}}
  {{- $live := include "mcapp.livePasswords" . | fromJson -}}
  {{- if and $live.superuser $live.app (ne (toJson $live) (include "mcapp.passwords" .)) -}}
    true
  {{- else if and (include "mcapp.isHa" .) (eq (include "mcapp.liveMode" .) "ha") -}}
    {{- $replication := include "mcapp.liveReplicationPassword" . -}}
    {{- if and $replication (ne $replication (include "mcapp.replicationPassword" .)) }}true{{ end -}}
  {{- end -}}
{{- end -}}

{{/* The passwords of the roles postgres and app, as the database's own containers get them. */}}
{{- define "mcapp.passwordEnv" -}}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.passwordSecret" . | quote }}
      key: {{ .Values.db.auth.keys.superuserPassword | quote }}
- name: APP_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.passwordSecret" . | quote }}
      key: {{ .Values.db.auth.keys.appPassword | quote }}
{{- end -}}

{{/* The names of the passwords' keys in their Secret, as variables of a shell script that tells of them. */}}
{{- define "mcapp.passwordKeys" -}}
  {{- with .Values.db.auth.keys -}}
SUPERUSER_KEY={{ squote .superuserPassword }} APP_KEY={{ squote .appPassword }} REPLICATION_KEY={{ squote .replicationPassword }}
  {{- end -}}
{{- end -}}
