{{/*
The container that tells Prometheus of its pod, beside nginx or PostgreSQL; empty where there is none. It has no probe: what fails
here must not take the tier away.
Call: include "mcapp.exporter" (list . "web")
*/}}
{{- define "mcapp.exporter" -}}
{{- $root := index . 0 -}}
{{- $tier := index . 1 -}}
{{- with $root.Values.metrics.exporters -}}
{{- if .enabled -}}
- name: metrics
  image: {{ include "mcapp.image" (list $root $root.Values.api.image) | quote }}
  imagePullPolicy: {{ $root.Values.api.image.pullPolicy | quote }}
  command: [python, -m, mcapp_exporter, {{ $tier }}]
  {{- if eq $tier "db" }}
  env:
    - name: DATABASE_URL
      value: {{ printf "postgresql://127.0.0.1:5432/%s" $root.Values.db.database | quote }}
    - name: PGUSER
      value: app
    - name: MCAPP_PASSWORD_FILE
      value: /etc/mcapp/exporter/password
    - name: MCAPP_VOLUME
      value: /volume
  {{- end }}
  ports:
    - name: metrics
      containerPort: {{ include "mcapp.exporterPort" $tier }}
  resources:
    {{- include "mcapp.resources" .resources | nindent 4 }}
  securityContext:
    # Not the tier's own user, who may read PostgreSQL's files.
    runAsUser: 10001
    runAsGroup: 10001
    {{- include "mcapp.containerSecurity" $root | nindent 4 }}
  {{- if eq $tier "db" }}
  volumeMounts:
    - name: exporter-password
      mountPath: /etc/mcapp/exporter
      readOnly: true
    # For the space on it.
    - name: data
      mountPath: /volume
      readOnly: true
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The port of that container: those that exporters of nginx and PostgreSQL usually have. */}}
{{- define "mcapp.exporterPort" -}}
  {{- ternary 9113 9187 (eq . "web") -}}
{{- end -}}

{{/* The volume with the password for it, in db's pods. A file follows a change of the Secret, a variable does not. */}}
{{- define "mcapp.exporterVolume" -}}
{{- if .Values.metrics.exporters.enabled -}}
- name: exporter-password
  secret:
    secretName: {{ include "mcapp.passwordSecret" . | quote }}
    # For the group of the pod.
    defaultMode: 0440
    items:
      - key: {{ .Values.db.auth.keys.appPassword | quote }}
        path: password
{{- end -}}
{{- end -}}

{{/* The annotation by which kubectl goes on to mean the tier's own container. Call: include "mcapp.mainContainer" (list . "nginx") */}}
{{- define "mcapp.mainContainer" -}}
{{- if (index . 0).Values.metrics.exporters.enabled -}}
kubectl.kubernetes.io/default-container: {{ index . 1 }}
{{- end -}}
{{- end -}}

{{/* The ingress rule that lets Prometheus read it. Call: include "mcapp.exporterRule" (list . "web") */}}
{{- define "mcapp.exporterRule" -}}
{{- $scrapers := include "mcapp.scrapers" (index . 0) -}}
{{- if and $scrapers (index . 0).Values.metrics.exporters.enabled -}}
- from:
    {{- $scrapers | nindent 4 }}
  ports:
    - port: {{ include "mcapp.exporterPort" (index . 1) }}
{{- end -}}
{{- end -}}
