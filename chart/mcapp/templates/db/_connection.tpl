{{/* Where clients reach the database, as host:port. An IPv6 address stands in brackets. */}}
{{- define "mcapp.databaseAddress" -}}
  {{- if include "mcapp.ownsDatabase" . -}}
    {{ include "mcapp.object" (list . "db") }}:5432
  {{- else -}}
    {{- with .Values.db.external -}}
      {{ ternary (printf "[%s]" .host) .host (contains ":" .host) }}:{{ include "mcapp.written" .port }}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* "true" where clients check the server's certificate against the user's CA. */}}
{{- define "mcapp.verifiesDatabase" -}}
  {{- if and (not (include "mcapp.ownsDatabase" .)) (hasPrefix "verify-" .Values.db.external.sslMode) }}true{{ end -}}
{{- end -}}

{{/* The environment of a client that logs in as the application does. */}}
{{- define "mcapp.databaseEnv" -}}
  {{- $options := "" }}
  {{- if not (include "mcapp.ownsDatabase" .) }}
    {{- $options = printf "?sslmode=%s" .Values.db.external.sslMode }}
  {{- else if include "mcapp.hasMembers" . }}
    {{- /* A server that has just lost the lead takes no writes. */}}
    {{- $options = "?target_session_attrs=read-write" }}
  {{- end }}
  {{- if include "mcapp.verifiesDatabase" . }}
    {{- $options = printf "%s&sslrootcert=/etc/mcapp/db-ca/ca.crt" $options }}
  {{- end -}}
- name: DATABASE_URL
  value: {{ printf "postgresql://%s/%s%s" (include "mcapp.databaseAddress" .) .Values.db.database $options | quote }}
- name: PGUSER
  {{- /* Kubernetes takes $(NAME) in a value for a variable, and $$ for a dollar sign. */}}
  value: {{ ternary "app" .Values.db.external.user (eq (include "mcapp.ownsDatabase" .) "true") | replace "$" "$$" | quote }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      {{- if include "mcapp.ownsDatabase" . }}
      name: {{ include "mcapp.passwordSecret" . | quote }}
      key: {{ .Values.db.auth.keys.appPassword | quote }}
      {{- else }}
      name: {{ .Values.db.external.existingSecret | quote }}
      key: {{ .Values.db.external.keys.password | quote }}
      {{- end }}
{{- end -}}

{{/* The mount of the CA's certificate, in a client that checks the server's; empty in others. */}}
{{- define "mcapp.databaseMounts" -}}
{{- if include "mcapp.verifiesDatabase" . -}}
- name: db-ca
  mountPath: /etc/mcapp/db-ca
  readOnly: true
{{- end -}}
{{- end -}}

{{/* The volume of that mount. */}}
{{- define "mcapp.databaseVolumes" -}}
{{- if include "mcapp.verifiesDatabase" . -}}
- name: db-ca
  secret:
    secretName: {{ .Values.db.external.caSecret | quote }}
    items:
      - key: {{ .Values.db.external.keys.ca | quote }}
        path: ca.crt
{{- end -}}
{{- end -}}
