{{/* "true" where PostgreSQL is the release's own: in every db.mode but external. */}}
{{- define "mcapp.ownsDatabase" -}}
{{- if ne .Values.db.mode "external" }}true{{ end -}}
{{- end -}}

{{/* "true" where the passwords are the release's own to make, keep and change. */}}
{{- define "mcapp.ownsPasswords" -}}
{{- if and (include "mcapp.ownsDatabase" .) (not .Values.db.auth.existingSecret) }}true{{ end -}}
{{- end -}}

{{/* Where clients find the database, as host:port. An IPv6 address stands in brackets. */}}
{{- define "mcapp.databaseAddress" -}}
{{- if include "mcapp.ownsDatabase" . -}}
{{ include "mcapp.object" (list . "db") }}:5432
{{- else -}}
{{- with .Values.db.external -}}
{{ ternary (printf "[%s]" .host) .host (contains ":" .host) }}:{{ .port }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" where a client holds the server's certificate against a CA of the user's. */}}
{{- define "mcapp.verifiesDatabase" -}}
{{- if and (not (include "mcapp.ownsDatabase" .)) (hasPrefix "verify-" .Values.db.external.sslMode) }}true{{ end -}}
{{- end -}}

{{/* How a client finds the database and logs in as the application does: its environment. */}}
{{- define "mcapp.databaseEnv" -}}
- name: DATABASE_URL
  {{- $options := "" }}
  {{- if not (include "mcapp.ownsDatabase" .) }}
  {{- $options = printf "?sslmode=%s" .Values.db.external.sslMode }}
  {{- end }}
  {{- if include "mcapp.isHa" . }}
  # Never a leader that was replaced a moment ago.
  {{- $options = "?target_session_attrs=read-write" }}
  {{- end }}
  {{- if include "mcapp.verifiesDatabase" . }}
  {{- $options = printf "%s&sslrootcert=/etc/mcapp/db-ca/ca.crt" $options }}
  {{- end }}
  value: postgresql://{{ include "mcapp.databaseAddress" . }}/{{ .Values.db.database }}{{ $options }}
- name: PGUSER
  value: {{ ternary "app" .Values.db.external.user (eq (include "mcapp.ownsDatabase" .) "true") | quote }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      {{- if include "mcapp.ownsDatabase" . }}
      name: {{ include "mcapp.secret" . }}
      key: {{ .Values.db.auth.keys.appPassword }}
      {{- else }}
      name: {{ .Values.db.external.existingSecret }}
      key: {{ .Values.db.external.keys.password }}
      {{- end }}
{{- end -}}

{{/* How the command of a server's container begins: it holds the volume, then becomes the program that follows. */}}
{{- define "mcapp.holdVolume" -}}
- sh
- -c
- |
  {{- .Files.Get "files/db/hold-volume.sh" | nindent 2 }}
  exec "$0" "$@"
{{- end -}}

{{/* The CA's certificate as a client's mount and volume, each where it is needed. */}}
{{- define "mcapp.databaseMounts" -}}
{{- if include "mcapp.verifiesDatabase" . -}}
- name: db-ca
  mountPath: /etc/mcapp/db-ca
  readOnly: true
{{- end -}}
{{- end -}}

{{- define "mcapp.databaseVolumes" -}}
{{- if include "mcapp.verifiesDatabase" . -}}
- name: db-ca
  secret:
    secretName: {{ .Values.db.external.caSecret }}
    items:
      - key: {{ .Values.db.external.keys.ca }}
        path: ca.crt
{{- end -}}
{{- end -}}
