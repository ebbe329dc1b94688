{{/* What looks like an IPv6 address is one. */}}
{{- define "mcapp.validate.host" -}}
  {{- with .Values.db.external.host -}}
    {{- if and (contains ":" .) (not (include "mcapp.addressBits" .)) -}}
      {{- include "mcapp.wrong" (list "db.external.host" . "an IP address or a name") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* nginx takes addresses and ranges of them, and ends on anything else. */}}
{{- define "mcapp.validate.proxies" -}}
  {{- range $index, $given := .Values.web.trustedProxies -}}
    {{- if not (or (include "mcapp.addressBits" $given) (include "mcapp.isRange" $given)) -}}
      {{- include "mcapp.wrong" (list (printf "web.trustedProxies.%d" $index) $given "an address, or a range such as 10.42.0.0/16") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
The API server takes no other ranges in a NetworkPolicy, and refuses them after other objects were made. What a range
leaves out lies in it and is smaller.
*/}}
{{- define "mcapp.validate.ranges" -}}
  {{- $peers := dict
        "db.external.peers" .Values.db.external.peers
        "networkPolicy.dnsPeers" .Values.networkPolicy.dnsPeers
        "networkPolicy.apiServerPeers" .Values.networkPolicy.apiServerPeers
        "metrics.scrapers" .Values.metrics.scrapers -}}
  {{- range $key, $given := $peers -}}
    {{- range $index, $peer := $given -}}
      {{- with $peer.ipBlock -}}
        {{- $at := printf "%s.%d.ipBlock" $key $index -}}
        {{- $whole := include "mcapp.rangeBits" .cidr -}}
        {{- range prepend (.except | default list) .cidr -}}
          {{- if not (include "mcapp.isRange" .) -}}
            {{- include "mcapp.wrong" (list $at . "a range of addresses, such as 10.0.0.0/8 or 2001:db8::/32") -}}
          {{- end -}}
        {{- end -}}
        {{- range .except -}}
          {{- $bits := include "mcapp.rangeBits" . -}}
          {{- if and $whole $bits (not (and (hasPrefix $whole $bits) (gt (len $bits) (len $whole)))) -}}
            {{- include "mcapp.wrong" (list (printf "%s.except" $at) . (printf "a smaller range inside of %s" $peer.ipBlock.cidr)) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
