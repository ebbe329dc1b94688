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

NOTHING WAS CHANGED. The claim {{ include "mcapp.databaseClaim" . }} holds a database, but the Secret {{ include "mcapp.passwordSecret" . }} with its two passwords is gone or not whole; new ones would not open it.
If db still runs, it knows them:  kubectl -n {{ .Release.Namespace }} exec {{ include "mcapp.object" (list . "db") }}-0 -- printenv POSTGRES_PASSWORD APP_PASSWORD
If you have them:                 --set db.auth.superuserPassword=... --set db.auth.appPassword=...
If they are lost:                 --set db.auth.resetPasswords=true makes new ones, which db takes over when it starts; the data stay
{{- $claims := list }}
{{- if include "mcapp.isHa" . }}
  {{- range include "mcapp.liveMemberClaims" . | fromJsonArray }}
    {{- $claims = append $claims (printf "pvc/%s" .metadata.name) }}
  {{- end }}
{{- end }}
If the data may go:               kubectl -n {{ .Release.Namespace }} delete {{ join " " $claims | default (printf "pvc/%s" (include "mcapp.databaseClaim" .)) }}
{{ end -}}

{{- define "mcapp.otherPasswords" }}

NOTHING WAS CHANGED. The claim {{ include "mcapp.databaseClaim" . }} holds a database with the passwords of the Secret {{ include "mcapp.passwordSecret" . }}; db.auth gives others, which would not open it.
Either install without them, then change them in both places:  helm upgrade {{ .Release.Name }} ... --set db.auth.appPassword=...
Or let db take them over when it starts:                      --set db.auth.resetPasswords=true
{{ end -}}

{{/*
Stops when passwords that are about to be set hold a line break or a NUL: PostgreSQL's programs would cut them, and no
container starts with a NUL. A server on a volume with data keeps what it has.
*/}}
{{- define "mcapp.checkLineBreaks" -}}
  {{- $auth := .Values.db.auth -}}
  {{- $volume := include "mcapp.liveClaim" . | fromJson | dig "spec" "volumeName" "" -}}
  {{- if and (include "mcapp.ownsDatabase" .) (or $auth.resetPasswords (not $volume)) -}}
    {{- $secret := include "mcapp.passwordSecret" . -}}
    {{- $texts := dict -}}
    {{- if include "mcapp.ownsPasswords" . -}}
      {{- $passwords := include "mcapp.passwords" . | fromJson -}}
      {{- $texts = dict $auth.keys.superuserPassword $passwords.superuser $auth.keys.appPassword $passwords.app -}}
    {{- else -}}
      {{- $data := (include "mcapp.lookUp" (list . "v1" "Secret" .Release.Namespace $secret) | fromJson).data | default dict -}}
      {{- range $key := list $auth.keys.superuserPassword $auth.keys.appPassword $auth.keys.replicationPassword -}}
        {{- $_ := get $data $key | b64dec | set $texts $key -}}
      {{- end -}}
    {{- end -}}
    {{- range $key, $text := $texts -}}
      {{- if regexMatch "[\\r\\n\\x00]" $text -}}
        {{- fail (include "mcapp.lineBreak" (dict "root" $ "secret" $secret "key" $key)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- define "mcapp.lineBreak" }}

NOTHING WAS CHANGED. The password in Secret {{ .secret }}, key {{ .key }}, holds a line break or a NUL (`echo` adds a line break, `printf '%s'` does not).
Write it again without:  kubectl -n {{ .root.Release.Namespace }} patch secret/{{ .secret }} --patch='{"stringData": {"{{ .key }}": "..."}}'
{{ end -}}
