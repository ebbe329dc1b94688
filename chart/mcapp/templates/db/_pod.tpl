{{/* The image with the database's programs, in the mode that the values ask for. */}}
{{- define "mcapp.dbImage" -}}
  {{- include "mcapp.image" (list . (ternary .Values.db.ha.image .Values.db.image (eq .Values.db.mode "ha"))) -}}
{{- end -}}

{{/* When that image is pulled. */}}
{{- define "mcapp.dbPullPolicy" -}}
  {{- (ternary .Values.db.ha.image .Values.db.image (eq .Values.db.mode "ha")).pullPolicy -}}
{{- end -}}

{{/*
How the command of a server's container begins: it checks the passwords of a user's Secret, locks the volume, then
becomes the program whose name and arguments follow. The schema has checked those of the release's own Secret.
*/}}
{{- define "mcapp.holdVolume" -}}
- sh
- -c
- |
  {{- if .Values.db.auth.existingSecret }}
  {{- include "mcapp.passwordKeys" . | nindent 2 }}
  {{- .Files.Get "files/db/check-passwords.sh" | nindent 2 }}
  {{- end }}
  {{- .Files.Get "files/db/hold-volume.sh" | nindent 2 }}
  {{- if and (include "mcapp.databaseTls" .) (include "mcapp.isHa" .) }}
  {{- .Files.Get "files/db/watch-certificate.sh" | nindent 2 }}
  {{- end }}
  exec "$0" "$@"
{{- end -}}

{{/* The mounts of a server's container, in either mode. */}}
{{- define "mcapp.dbMounts" -}}
- name: data
  mountPath: /var/lib/postgresql/data
- name: init
  mountPath: /docker-entrypoint-initdb.d
  readOnly: true
{{- if include "mcapp.isHa" . }}
- name: patroni
  mountPath: /etc/mcapp/patroni
  readOnly: true
{{- end }}
{{- if and (include "mcapp.databaseTls" .) (not (include "mcapp.isHa" .)) }}
- name: postgres
  mountPath: /etc/mcapp/postgres
  readOnly: true
{{- end }}
{{- with include "mcapp.tlsMounts" . }}
  {{- . | nindent 0 }}
{{- end }}
- name: run
  mountPath: /var/run/postgresql
- name: tmp
  mountPath: /tmp
{{- with .Values.db.extraVolumeMounts }}
  {{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{/* The volumes of a server's pod, in either mode. The data are not among them: in mode ha each pod has a claim of its own. */}}
{{- define "mcapp.dbVolumes" -}}
- name: init
  configMap:
    name: {{ include "mcapp.object" (list . "postgres-init") | quote }}
    items:
      - key: 10-init.sql
        path: 10-init.sql
{{- if and (include "mcapp.databaseTls" .) (not (include "mcapp.isHa" .)) }}
- name: postgres
  configMap:
    name: {{ include "mcapp.object" (list . "postgres-init") | quote }}
    items:
      - key: pg_hba.conf
        path: pg_hba.conf
      - key: ready.sh
        path: ready.sh
{{- end }}
{{- with include "mcapp.tlsVolumes" . }}
  {{- . | nindent 0 }}
{{- end }}
{{- if include "mcapp.isHa" . }}
- name: patroni
  configMap:
    name: {{ include "mcapp.object" (list . "db-patroni") | quote }}
{{- end }}
{{- include "mcapp.exporterVolume" . | nindent 0 }}
- name: run
  emptyDir:
    sizeLimit: 16Mi
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with .Values.db.extraVolumes }}
  {{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}
