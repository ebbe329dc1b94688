{{/*
Stops before anything is changed when the Secret would get passwords that the data on the volume do not know: api could
never log in. An upgrade may bring new ones, since its database runs and a Job can change them there.
*/}}
{{- define "mcapp.checkPasswords" -}}
  {{- $auth := .Values.db.auth -}}
  {{- $volume := include "mcapp.liveClaim" . | fromJson | dig "spec" "volumeName" "" -}}
  {{- if and $volume (include "mcapp.ownsPasswords" .) (not $auth.resetPasswords) -}}
    {{- $live := include "mcapp.livePasswords" . | fromJson -}}
    {{- if not (or (and $live.superuser $live.app) (and $auth.superuserPassword $auth.appPassword)) -}}
      {{- fail (include "mcapp.secretGone" .) -}}
    {{- else if and .Release.IsInstall (include "mcapp.passwordsChange" .) -}}
      {{- fail (include "mcapp.otherPasswords" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- define "mcapp.secretGone" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list . "postgres-pvc") }} holds a database, but the Secret {{ include "mcapp.passwordSecret" . }} with its two passwords is gone or not whole; new ones would not open it.
If db still runs, it knows them:  kubectl -n {{ .Release.Namespace }} exec {{ include "mcapp.object" (list . "db") }}-0 -- printenv POSTGRES_PASSWORD APP_PASSWORD
If you have them:                 --set db.auth.superuserPassword=... --set db.auth.appPassword=...
If they are lost:                 --set db.auth.resetPasswords=true makes new ones, which db takes over when it starts; the data stay
If the data may go:               kubectl -n {{ .Release.Namespace }} delete pvc/{{ include "mcapp.object" (list . "postgres-pvc") }}
{{ end -}}

{{- define "mcapp.otherPasswords" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.object" (list . "postgres-pvc") }} holds a database with the passwords of the Secret {{ include "mcapp.passwordSecret" . }}; db.auth gives others, which would not open it.
Either install without them, then change them in both places:  helm upgrade {{ .Release.Name }} ... --set db.auth.appPassword=...
Or let db take them over when it starts:                      --set db.auth.resetPasswords=true
{{ end -}}
