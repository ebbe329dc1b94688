{{/*
What selects everything that Patroni keeps of a cluster, its members' pods and the ConfigMaps it writes, in the form of
kubectl's selectors.
*/}}
{{- define "mcapp.haSelector" -}}
  {{- $labels := include "mcapp.selector" (list . "db") | fromYaml -}}
  {{- $_ := include "mcapp.object" (list . "db") | set $labels "mcapp/cluster" -}}
  {{- $pairs := list -}}
  {{- range $key, $value := $labels -}}
    {{- $pairs = printf "%s=%s" $key $value | append $pairs -}}
  {{- end -}}
  {{- join "," $pairs -}}
{{- end -}}

{{/* The name of the StatefulSet of all members but the first. */}}
{{- define "mcapp.haReplicas" -}}
  {{- include "mcapp.object" (list . "db-ha") -}}
{{- end -}}

{{/* The environment of mcapp_db's commands. Patroni removes the variables of its own prefix before it runs them. */}}
{{- define "mcapp.haEnv" -}}
- name: REPLICATION_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "mcapp.passwordSecret" . | quote }}
      key: {{ .Values.db.auth.keys.replicationPassword | quote }}
- name: MCAPP_SECRET
  value: {{ include "mcapp.passwordSecret" . | quote }}
- name: MCAPP_SECRET_KEY
  value: {{ .Values.db.auth.keys.replicationPassword | quote }}
- name: MCAPP_FOUNDER
  value: {{ include "mcapp.object" (list . "db") | printf "%s-0" | quote }}
- name: MCAPP_SCOPE
  value: {{ include "mcapp.object" (list . "db") | quote }}
{{ include "mcapp.passwordEnv" . }}
{{- end -}}

{{/*
The template of a member's pod, the same in both StatefulSets but for the claim and one label.
Call: include "mcapp.member" (dict "root" . "claim" "postgres-pvc") where the claim is named here,
or (dict "root" . "statefulSet" "db-ha") where it comes from the StatefulSet, whose name is then a label.
*/}}
{{- define "mcapp.member" -}}
  {{- $call := . -}}
{{- with .root -}}
metadata:
  labels:
    {{- include "mcapp.podLabels" (list . "db") | nindent 4 }}
    mcapp/cluster: {{ include "mcapp.object" (list . "db") | quote }}
    {{- with $call.statefulSet }}
    mcapp/workload: {{ . | quote }}
    {{- end }}
    {{- with .Values.db.podLabels }}
      {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/patroni: {{ include (printf "%s/db/ha/configmap.yaml" .Template.BasePath) . | fromYaml | dig "data" "" | toJson | sha256sum | quote }}
    {{- if include "mcapp.ownsPasswords" . }}
    # Patroni logs in as the superuser, to rewind, and as the role replicator.
    checksum/passwords: {{ printf "%s%s" (include "mcapp.passwords" . | fromJson).superuser (include "mcapp.replicationPassword" .) | sha256sum | quote }}
    {{- end }}
    {{- with .Values.db.podAnnotations }}
      {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "mcapp.pullSecrets" . | nindent 2 }}
  {{- include "mcapp.placement" (list . "db" "apart") | nindent 2 }}
  {{- include "mcapp.priority" .Values.db | nindent 2 }}
  # Patroni keeps its state in ConfigMaps of the namespace.
  serviceAccountName: {{ include "mcapp.object" (list . "db") | quote }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  securityContext:
    {{- include "mcapp.podSecurity" 999 | nindent 4 }}
  # Time to wait for the first member's restart, for a replica to take over, and for the last checkpoint.
  terminationGracePeriodSeconds: 100
  containers:
    - name: postgres
      image: {{ include "mcapp.dbImage" . | quote }}
      imagePullPolicy: {{ .Values.db.ha.image.pullPolicy | quote }}
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
          value: {{ .Values.db.database | quote }}
        {{- include "mcapp.haEnv" . | nindent 8 }}
        - name: MCAPP_CLAIM
          value: {{ include "mcapp.object" (list . "postgres-pvc") | quote }}
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
      # An upgrade restarts both StatefulSets at once. With this, the others wait until the first member is back.
      lifecycle:
        preStop:
          exec:
            command: [python, -m, mcapp_db, leave]
      # A member may need minutes: to wait until the first one has made the cluster, or to recover.
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
        {{- include "mcapp.resources" .Values.db.resources | nindent 8 }}
      securityContext:
        {{- include "mcapp.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "mcapp.dbMounts" . | nindent 8 }}
  volumes:
    {{- with $call.claim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ include "mcapp.object" (list $call.root .) | quote }}
    {{- end }}
    {{- include "mcapp.dbVolumes" . | nindent 4 }}
{{- end -}}
{{- end -}}
