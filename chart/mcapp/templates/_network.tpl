{{/*
The head of a tier's NetworkPolicy: whose traffic it is about, both ways. What its rules do not name is refused.
Call: include "mcapp.policy" (list . "web")
*/}}
{{- define "mcapp.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "mcapp.object" . }}
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

{{/* The egress rule by which a pod may ask for names. */}}
{{- define "mcapp.dnsRule" -}}
- {{- with .Values.networkPolicy.dnsPeers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end -}}
