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

{{/*
What a range begins with: its family, then its bits as 0 and 1. Empty for a text that is no range.
Call: include "mcapp.rangeBits" "10.0.0.0/8" gives 4:00001010
*/}}
{{- define "mcapp.rangeBits" -}}
  {{- if include "mcapp.isRange" . -}}
    {{- $address := splitList "/" . | first -}}
    {{- $bits := "" -}}
    {{- range regexFind "[0-9.]*[.][0-9]+$" $address | splitList "." | compact -}}
      {{- $bits = atoi . | printf "%s%08b" $bits -}}
    {{- end -}}
    {{- $family := "4" -}}
    {{- if contains ":" $address -}}
      {{- $family = "6" -}}
      {{- $halves := regexReplaceAll "[0-9.]*[.][0-9]+$" $address "" | splitList "::" -}}
      {{- $groups := list "" "" -}}
      {{- range $index, $half := $halves -}}
        {{- $read := "" -}}
        {{- range splitList ":" $half | compact -}}
          {{- /* Each hexadecimal digit is four bits. */ -}}
          {{- range splitList "" (printf "%s%s" (repeat (sub 4 (len .) | int) "0") .) -}}
            {{- $read = regexFind (printf "%s.*" (lower .)) "0123456789abcdef" | len | sub 16 | int | printf "%s%04b" $read -}}
          {{- end -}}
        {{- end -}}
        {{- $groups = ternary (list $read "") (list (first $groups) $read) (eq $index 0) -}}
      {{- end -}}
      {{- $missing := add (len $bits) (len (first $groups)) (len (last $groups)) | sub 128 | int -}}
      {{- $bits = printf "%s%s%s%s" (first $groups) (repeat $missing "0") (last $groups) $bits -}}
    {{- end -}}
    {{- $family }}:{{ trunc (splitList "/" . | last | atoi) $bits }}
  {{- end -}}
{{- end -}}
