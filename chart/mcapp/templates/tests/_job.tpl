{{/*
One test of `helm test`: a ConfigMap with its script, and a Job that runs it with the Python of the api's image.
Call: include "mcapp.testJob" (dict "root" . "component" "test" "name" "test-chain" "script" "chain.py" "arguments" (list) "database" false)
With `database` the pod gets the api's environment and certificate for the database.
*/}}
{{- define "mcapp.testJob" -}}
  {{- $root := .root -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "mcapp.object" (list $root .name) | quote }}
  labels:
    {{- include "mcapp.labels" (list $root .component) | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-weight: "-1"
    helm.sh/hook-delete-policy: before-hook-creation
data:
  {{ .script | quote }}: |
    {{- $root.Files.Get (printf "files/tests/%s" .script) | nindent 4 }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "mcapp.object" (list $root .name) | quote }}
  labels:
    {{- include "mcapp.labels" (list $root .component) | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  # A second attempt would hide a fault that comes and goes.
  backoffLimit: 0
  activeDeadlineSeconds: 60
  template:
    metadata:
      labels:
        {{- include "mcapp.podLabels" (list $root .component) | nindent 8 }}
    spec:
      {{- include "mcapp.pullSecrets" $root | nindent 6 }}
      {{- include "mcapp.placement" (list $root "api") | nindent 6 }}
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        {{- include "mcapp.podSecurity" 10001 | nindent 8 }}
      containers:
        - name: {{ trimPrefix "test-" .name | quote }}
          # The api's image has Python, and the nodes have the image already.
          image: {{ include "mcapp.image" (list $root $root.Values.api.image) | quote }}
          imagePullPolicy: {{ $root.Values.api.image.pullPolicy | quote }}
          command:
            - python
            - {{ printf "/test/%s" .script | quote }}
            {{- range .arguments }}
            - {{ . | quote }}
            {{- end }}
          {{- if .database }}
          env:
            {{- include "mcapp.databaseEnv" $root | nindent 12 }}
          {{- end }}
          resources:
            requests:
              cpu: 20m
              memory: 32Mi
            limits:
              memory: 128Mi
          securityContext:
            {{- include "mcapp.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - name: test
              mountPath: /test
              readOnly: true
            {{- if .database }}
              {{- with include "mcapp.databaseMounts" $root }}
                {{- . | nindent 12 }}
              {{- end }}
            {{- end }}
      volumes:
        - name: test
          configMap:
            name: {{ include "mcapp.object" (list $root .name) | quote }}
        {{- if .database }}
          {{- with include "mcapp.databaseVolumes" $root }}
            {{- . | nindent 8 }}
          {{- end }}
        {{- end }}
{{- end -}}
