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
{{- $data := (lookup "v1" "Secret" .Release.Namespace (include "mcapp.object" (list . "postgres-secret"))).data | default dict -}}
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
{{- $live := (lookup "v1" "Secret" .Release.Namespace (include "mcapp.object" (list . "postgres-secret"))).data | default dict -}}
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
{{- else if and (include "mcapp.isHa" .) (include "mcapp.haRuns" .) -}}
{{- $kept := dig "data" .Values.db.auth.keys.replicationPassword "" (lookup "v1" "Secret" .Release.Namespace (include "mcapp.object" (list . "postgres-secret"))) | b64dec -}}
{{- if and $kept (ne $kept (include "mcapp.replicationPassword" .)) }}true{{ end -}}
{{- end -}}
{{- end -}}

{{/*
Stops before anything is changed when the Secret would get passwords that the data on the volume do not know:
api could never log in. An upgrade may bring new ones, since its database runs and can be told.
*/}}
{{- define "mcapp.checkPasswords" -}}
{{- $auth := .Values.db.auth -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .Release.Namespace (include "mcapp.object" (list . "postgres-pvc")) -}}
{{- if and (dig "spec" "volumeName" "" $claim) (include "mcapp.ownsPasswords" .) (not $auth.resetPasswords) -}}
{{- $live := include "mcapp.livePasswords" . | fromJson -}}
{{- if not (or (and $live.superuser $live.app) (and $auth.superuserPassword $auth.appPassword)) -}}
{{- fail (include "mcapp.secretGone" .) -}}
{{- else if and .Release.IsInstall (include "mcapp.passwordsChange" .) -}}
{{- fail (include "mcapp.otherPasswords" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mcapp.secretGone" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list . "postgres-pvc") }} holds a database, but the Secret {{ include "mcapp.secret" . }} with its two passwords is gone or not whole; new ones would not open it.
If db still runs, it knows them:  kubectl -n {{ .Release.Namespace }} exec {{ include "mcapp.object" (list . "db") }}-0 -- printenv POSTGRES_PASSWORD APP_PASSWORD
If you have them:                 --set db.auth.superuserPassword=... --set db.auth.appPassword=...
If they are lost:                 --set db.auth.resetPasswords=true makes new ones, which db takes over when it starts; the data stay
If the data may go:               kubectl -n {{ .Release.Namespace }} delete pvc/{{ include "mcapp.object" (list . "postgres-pvc") }}
{{ end -}}

{{- define "mcapp.otherPasswords" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list . "postgres-pvc") }} holds a database with the passwords of the Secret {{ include "mcapp.secret" . }}; db.auth gives others, which would not open it.
Either install without them, then change them in both places:  helm upgrade {{ .Release.Name }} ... --set db.auth.appPassword=...
Or let db take them over when it starts:                      --set db.auth.resetPasswords=true
{{ end -}}

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
