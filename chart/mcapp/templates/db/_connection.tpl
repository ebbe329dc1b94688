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

{{/* How strictly clients check the server, as in libpq's sslmode; empty where the release's own server has no certificate. */}}
{{- define "mcapp.sslMode" -}}
  {{- if not (include "mcapp.ownsDatabase" .) -}}
    {{ .Values.db.external.sslMode }}
  {{- else if include "mcapp.databaseTls" . -}}
    {{- /* A leader may still be without, or have a certificate of another CA. */ -}}
    {{ ternary "verify-full" "prefer" (eq (include "mcapp.serverTls" .) "required") }}
  {{- end -}}
{{- end -}}

{{/* "true" where clients check the server's certificate against a CA. */}}
{{- define "mcapp.verifiesDatabase" -}}
  {{- if hasPrefix "verify-" (include "mcapp.sslMode" .) }}true{{ end -}}
{{- end -}}

{{/* The environment of a client that logs in as the application does. */}}
{{- define "mcapp.databaseEnv" -}}
  {{- $options := list }}
  {{- with include "mcapp.sslMode" . }}
    {{- $options = append $options (printf "sslmode=%s" .) }}
  {{- end }}
  {{- if include "mcapp.verifiesDatabase" . }}
    {{- $options = append $options "sslrootcert=/etc/mcapp/db-ca/ca.crt" }}
  {{- end }}
  {{- if include "mcapp.hasMembers" . }}
    {{- /* A server that has just lost the lead takes no writes. */}}
    {{- $options = append $options "target_session_attrs=read-write" }}
  {{- end }}
  {{- $query := "" }}
  {{- if $options }}
    {{- $query = join "&" $options | printf "?%s" }}
  {{- end -}}
- name: DATABASE_URL
  value: {{ printf "postgresql://%s/%s%s" (include "mcapp.databaseAddress" .) .Values.db.database $query | quote }}
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
    {{- if include "mcapp.ownsDatabase" . }}
    secretName: {{ include "mcapp.tlsSecret" . | quote }}
    {{- else }}
    secretName: {{ .Values.db.external.caSecret | quote }}
    {{- end }}
    # Nothing else of the Secret: a client needs no key.
    items:
      - key: {{ ternary "ca.crt" .Values.db.external.keys.ca (eq (include "mcapp.ownsDatabase" .) "true") | quote }}
        path: ca.crt
{{- end -}}
{{- end -}}
