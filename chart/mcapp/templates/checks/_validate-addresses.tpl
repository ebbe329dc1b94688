{{/* What looks like an IPv6 address is one. */}}
{{- define "mcapp.validate.host" -}}
  {{- with .Values.db.external.host -}}
    {{- if and (contains ":" .) (not (include "mcapp.addressBits" .)) -}}
      {{- include "mcapp.wrong" (list "db.external.host" . "an IP address or a name") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* The API server takes no other ranges in a NetworkPolicy, and refuses them after other objects were made. */}}
{{- define "mcapp.validate.ranges" -}}
  {{- $peers := dict
        "db.external.peers" .Values.db.external.peers
        "networkPolicy.dnsPeers" .Values.networkPolicy.dnsPeers
        "networkPolicy.apiServerPeers" .Values.networkPolicy.apiServerPeers
        "metrics.scrapers" .Values.metrics.scrapers -}}
  {{- range $key, $given := $peers -}}
    {{- range $index, $peer := $given -}}
      {{- with $peer.ipBlock -}}
        {{- range prepend (.except | default list) .cidr -}}
          {{- if not (include "mcapp.isRange" .) -}}
            {{- include "mcapp.wrong" (list (printf "%s.%d.ipBlock" $key $index) . "a range of addresses, such as 10.0.0.0/8 or 2001:db8::/32") -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
