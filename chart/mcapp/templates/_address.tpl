{{/*
The length of an IP address in bits, 32 or 128; empty for any other text. 256.1.1.1 and 10 are no addresses.
Call: include "mcapp.addressBits" .Values.db.external.host
*/}}
{{- define "mcapp.addressBits" -}}
  {{- $byte := "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])" -}}
  {{- $ipv4 := printf "%s([.]%s){3}" $byte $byte -}}
  {{- $group := "[0-9A-Fa-f]{1,4}" -}}
  {{- $groups := printf "%s(:%s)*" $group $group -}}
  {{- /* The last two groups may be written as an IPv4 address. */ -}}
  {{- $text := regexReplaceAll (printf ":%s$" $ipv4) . ":0:0" -}}
  {{- $short := regexMatch (printf "^(%s)?::(%s)?$" $groups $groups) $text -}}
  {{- if regexMatch (printf "^%s$" $ipv4) . -}}
    32
  {{- else if or (regexMatch (printf "^%s(:%s){7}$" $group $group) $text) (and $short (lt (splitList ":" $text | compact | len) 8)) -}}
    128
  {{- end -}}
{{- end -}}

{{/* "true" for a range of addresses, such as 10.0.0.0/8 or 2001:db8::/32. */}}
{{- define "mcapp.isRange" -}}
  {{- $length := regexFind "/(0|[1-9][0-9]{0,2})$" . -}}
  {{- $bits := trimSuffix $length . | include "mcapp.addressBits" -}}
  {{- if and $length $bits (le (trimPrefix "/" $length | int) (int $bits)) }}true{{ end -}}
{{- end -}}
