{{/* The spec of the Job that mounts the backup volume once. It is here since its hash is part of the Job's name. */}}
{{- define "mcapp.backupVolumeJob" -}}
backoffLimit: 2
template:
  metadata:
    labels:
      {{- include "mcapp.podLabels" (list . "db-backup") | nindent 6 }}
  spec:
    {{- include "mcapp.pullSecrets" . | nindent 4 }}
    {{- include "mcapp.placement" (list . "backup") | nindent 4 }}
    restartPolicy: Never
    automountServiceAccountToken: false
    enableServiceLinks: false
    securityContext:
      {{- include "mcapp.podSecurity" 999 | nindent 6 }}
    containers:
      - name: volume
        image: {{ include "mcapp.dbImage" . | quote }}
        imagePullPolicy: {{ include "mcapp.dbPullPolicy" . | quote }}
        command: [touch, /backups/.lock]
        resources:
          {{- include "mcapp.resources" .Values.backup.resources | nindent 10 }}
        securityContext:
          {{- include "mcapp.containerSecurity" . | nindent 10 }}
        volumeMounts:
          - name: backups
            mountPath: /backups
    volumes:
      - name: backups
        persistentVolumeClaim:
          claimName: {{ include "mcapp.object" (list . "backup-pvc") | quote }}
{{- end -}}
