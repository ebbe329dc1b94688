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

{{/*
Stops before anything is changed where the switch to an external database would delete the release's own one:
Helm removes what a revision no longer has, unless it is marked to be kept.
*/}}
{{- define "mcapp.checkSwitch" -}}
{{- $name := include "mcapp.object" (list . "postgres-pvc") -}}
{{- if and .Release.IsUpgrade (not (include "mcapp.ownsDatabase" .)) -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .Release.Namespace $name -}}
{{- $annotations := dig "metadata" "annotations" dict $claim -}}
{{- $ours := eq (index $annotations "meta.helm.sh/release-name" | default "") .Release.Name -}}
{{- $kept := eq (index $annotations "helm.sh/resource-policy" | default "") "keep" -}}
{{- if and $ours (not $kept) (not (dig "metadata" "deletionTimestamp" "" $claim)) -}}
{{- fail (include "mcapp.switchDeletes" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mcapp.switchDeletes" }}
{{- $secret := include "mcapp.object" (list . "postgres-secret") }}

NOTHING WAS CHANGED. db.mode external takes the release's own database away, and its claim {{ include "mcapp.object" (list . "postgres-pvc") }} is not marked to be kept: its data would be deleted.
To keep them:          kubectl -n {{ .Release.Namespace }} annotate pvc/{{ include "mcapp.object" (list . "postgres-pvc") }}{{ if lookup "v1" "Secret" .Release.Namespace $secret }} secret/{{ $secret }}{{ end }} helm.sh/resource-policy=keep
If the data may go:    kubectl -n {{ .Release.Namespace }} delete pvc/{{ include "mcapp.object" (list . "postgres-pvc") }} --wait=false
{{ end -}}
