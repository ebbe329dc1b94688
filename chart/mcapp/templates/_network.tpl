{{/*
The head of a tier's NetworkPolicy, for traffic in both directions. Whatever its rules do not name is refused.
Call: include "mcapp.policy" (list . "web")
*/}}
{{- define "mcapp.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "mcapp.object" . | quote }}
  labels:
    {{- include "mcapp.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "mcapp.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}

{{/*
The pods of a tier, as one end of a rule.
Call: include "mcapp.peer" (list . "api")
*/}}
{{- define "mcapp.peer" -}}
- podSelector:
    matchLabels:
      {{- include "mcapp.selector" . | nindent 6 }}
{{- end -}}

{{/* The egress rule that lets a pod ask DNS. */}}
{{- define "mcapp.dnsRule" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
  {{- with .Values.networkPolicy.dnsPeers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The egress rule that lets a pod connect to the database. */}}
{{- define "mcapp.databaseRule" -}}
{{- if include "mcapp.ownsDatabase" . -}}
- to:
    {{- include "mcapp.peer" (list . "db") | nindent 4 }}
  ports:
    - port: 5432
{{- else -}}
  {{- $external := .Values.db.external -}}
  {{- $peers := $external.peers -}}
  {{- with and (not $peers) (include "mcapp.addressBits" $external.host) -}}
    {{- $peers = list (dict "ipBlock" (dict "cidr" (printf "%s/%s" $external.host .))) -}}
  {{- end -}}
  {{- /* A policy takes no names, so a host name leaves the port open to every address. */ -}}
- ports:
    - port: {{ $external.port }}
  {{- with $peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Who may read the metrics, as ends of a rule: the values given, or the pods that the Prometheus Operator makes. */}}
{{- define "mcapp.scrapers" -}}
{{- if .Values.metrics.scrapers -}}
  {{- toYaml .Values.metrics.scrapers -}}
{{- else if .Values.metrics.serviceMonitor.enabled -}}
- namespaceSelector: {}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: prometheus
{{- end -}}
{{- end -}}

{{/* The egress rule that lets a pod connect to the API server, on its Service's port and on its own. */}}
{{- define "mcapp.apiServerRule" -}}
- ports:
    - port: 443
    - port: 6443
  {{- with .Values.networkPolicy.apiServerPeers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
