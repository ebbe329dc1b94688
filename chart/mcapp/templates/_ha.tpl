{{/* The labels by which Patroni finds its members and what it wrote down. */}}
{{- define "mcapp.haCluster" -}}
{{ include "mcapp.selector" (list . "db") }}
mcapp/cluster: {{ include "mcapp.object" (list . "db") }}
{{- end -}}

{{/* The workload of every member but the first, whose claim and workload are those of standalone. */}}
{{- define "mcapp.haOthers" -}}
{{- include "mcapp.object" (list . "db-ha") -}}
{{- end -}}

{{/* What our commands in the image are told. Patroni takes the variables of its own name away from them. */}}
{{- define "mcapp.haLogin" -}}
- name: REPLICATION_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.passwordSecret" . }}
      key: {{ .Values.db.auth.keys.replicationPassword }}
- name: MCAPP_SECRET
  value: {{ include "mcapp.passwordSecret" . }}
- name: MCAPP_SECRET_KEY
  value: {{ .Values.db.auth.keys.replicationPassword }}
- name: MCAPP_FOUNDER
  value: {{ include "mcapp.object" (list . "db") }}-0
- name: MCAPP_SCOPE
  value: {{ include "mcapp.object" (list . "db") }}
{{ include "mcapp.passwordEnv" . }}
{{- end -}}

{{/*
The template of a member's pod. Both workloads have the same, but for the claim: the first one's is named here,
the others' come from their workload.
Call: include "mcapp.haMember" (list . "postgres-pvc")
*/}}
{{- define "mcapp.haMember" -}}
{{- $root := index . 0 -}}
{{- $claim := index . 1 -}}
{{- with $root -}}
metadata:
  labels:
    {{- include "mcapp.podLabels" (list . "db") | nindent 4 }}
    mcapp/cluster: {{ include "mcapp.object" (list . "db") }}
    {{- with .Values.db.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/patroni: {{ include (printf "%s/db/ha/configmap.yaml" .Template.BasePath) . | fromYaml | dig "data" "" | toJson | sha256sum }}
    {{- if include "mcapp.ownsPasswords" . }}
    # Patroni logs in as the superuser to rewind, and as the replicator.
    checksum/passwords: {{ printf "%s%s" (include "mcapp.passwords" . | fromJson).superuser (include "mcapp.replicationPassword" .) | sha256sum }}
    {{- end }}
    {{- with .Values.db.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "mcapp.pullSecrets" . | nindent 2 }}
  {{- include "mcapp.placement" (list . "db" "apart") | nindent 2 }}
  {{- include "mcapp.priority" .Values.db | nindent 2 }}
  # Patroni writes down in the namespace who leads.
  serviceAccountName: {{ include "mcapp.object" (list . "db") }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  securityContext:
    {{- include "mcapp.podSecurity" 999 | nindent 4 }}
  # Time for the first member's restart, the last checkpoint, and for a replica to take over.
  terminationGracePeriodSeconds: 100
  containers:
    - name: postgres
      image: {{ include "mcapp.dbImage" . }}
      imagePullPolicy: {{ .Values.db.ha.image.pullPolicy }}
      command:
        {{- include "mcapp.holdVolume" . | nindent 8 }}
        - python
      args: [-m, mcapp_db, serve]
      env:
        {{- include "mcapp.identityEnv" . | nindent 8 }}
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        - name: PGDATA
          value: /var/lib/postgresql/data/pgdata
        - name: POSTGRES_DB
          value: {{ .Values.db.database }}
        {{- include "mcapp.haLogin" . | nindent 8 }}
        - name: MCAPP_CLAIM
          value: {{ include "mcapp.object" (list . "postgres-pvc") }}
        - name: PATRONI_NAME
          value: $(POD_NAME)
        - name: PATRONI_KUBERNETES_POD_IP
          value: $(POD_IP)
        - name: PATRONI_SUPERUSER_USERNAME
          value: postgres
        - name: PATRONI_SUPERUSER_PASSWORD
          value: $(POSTGRES_PASSWORD)
        - name: PATRONI_REPLICATION_USERNAME
          value: replicator
        - name: PATRONI_REPLICATION_PASSWORD
          value: $(REPLICATION_PASSWORD)
        - name: PATRONI_RESTAPI_USERNAME
          value: patroni
        - name: PATRONI_RESTAPI_PASSWORD
          value: $(REPLICATION_PASSWORD)
        {{- if .Values.db.auth.resetPasswords }}
        - name: MCAPP_RESET_PASSWORDS
          value: "true"
        {{- end }}
        {{- with .Values.db.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: postgres
          containerPort: 5432
        - name: patroni
          containerPort: 8008
      # An upgrade rolls both workloads at once; this makes it one member at a time.
      lifecycle:
        preStop:
          exec:
            command: [python, -m, mcapp_db, leave]
      # A member that waits for the first one to found the cluster, or recovers, may take minutes.
      startupProbe:
        httpGet:
          path: /liveness
          port: patroni
        periodSeconds: 1
        timeoutSeconds: 3
        failureThreshold: 1800
      readinessProbe:
        httpGet:
          path: /readiness
          port: patroni
        periodSeconds: 2
        timeoutSeconds: 3
      livenessProbe:
        httpGet:
          path: /liveness
          port: patroni
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      resources:
        {{- toYaml .Values.db.resources | nindent 8 }}
      securityContext:
        {{- include "mcapp.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/postgresql/data
        - name: init
          mountPath: /docker-entrypoint-initdb.d
          readOnly: true
        - name: patroni
          mountPath: /etc/mcapp/patroni
          readOnly: true
        - name: run
          mountPath: /var/run/postgresql
        - name: tmp
          mountPath: /tmp
        {{- with .Values.db.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- if $claim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ include "mcapp.object" (list . $claim) }}
    {{- end }}
    - name: init
      configMap:
        name: {{ include "mcapp.object" (list . "postgres-init") }}
    - name: patroni
      configMap:
        name: {{ include "mcapp.object" (list . "db-patroni") }}
    - name: run
      emptyDir:
        sizeLimit: 16Mi
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- with .Values.db.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end -}}

{{/* The head of what the Job that leads back to one member needs beside it. */}}
{{- define "mcapp.shrinkHook" -}}
metadata:
  name: {{ include "mcapp.object" (list . "db-shrink") }}
  labels:
    {{- include "mcapp.labels" (list . "db-shrink") | nindent 4 }}
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-weight: "-3"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
