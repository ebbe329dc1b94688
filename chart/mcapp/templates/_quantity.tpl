{{/*
A number or a text as the user wrote it. Numbers from a values file are floats, which a template would print as 2.68435456e+08.
Call: include "mcapp.written" 268435456.0
*/}}
{{- define "mcapp.written" -}}
  {{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* A Kubernetes quantity, written as a text or a number, as a plain number: 250m gives 0.25, 1Ki and 1024.0 give 1024. */}}
{{- define "mcapp.quantity" -}}
  {{- $units := dict "" 1 "n" 1e-9 "u" 1e-6 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
        "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
  {{- $text := include "mcapp.written" . -}}
  {{- $number := regexFind "^[0-9.]+([eE][-+]?[0-9]+)?" $text -}}
  {{- mulf (float64 $number) (trimPrefix $number $text | get $units) | toJson -}}
{{- end -}}

{{/* A size in its largest whole unit, in whatever form it was written: 5368709120 gives 5Gi. Any other text stays. */}}
{{- define "mcapp.size" -}}
  {{- $text := include "mcapp.written" . -}}
  {{- $whole := "" -}}
  {{- if not (regexMatch "[A-Za-z]$" $text) -}}
    {{- $whole = include "mcapp.whole" (list $text 0) -}}
  {{- end -}}
  {{- if not $whole -}}
    {{- $text -}}
  {{- else -}}
    {{- $count := atoi $whole -}}
    {{- $shown := "" -}}
    {{- range $unit := list "Ki" "Mi" "Gi" "Ti" "Pi" "Ei" -}}
      {{- if eq (mod $count 1024) 0 -}}
        {{- $count = div $count 1024 -}}
        {{- $shown = $unit -}}
      {{- end -}}
    {{- end -}}
    {{- printf "%d%s" $count $shown -}}
  {{- end -}}
{{- end -}}

{{/*
What a quantity must be, where it is not; empty for a right one. Kubernetes takes more, but caps it at 63 bits without a
word, and makes thousandths of a part of a byte. The schema has checked the form.
Call: include "mcapp.quantityWanted" (list "5Gi" "bytes"), or "cores" or "count"
*/}}
{{- define "mcapp.quantityWanted" -}}
  {{- $text := include "mcapp.written" (index . 0) -}}
  {{- $kind := index . 1 -}}
  {{- $right := "" -}}
  {{- if hasSuffix "i" $text -}}
    {{- $right = include "mcapp.isWholeBinary" $text -}}
  {{- else -}}
    {{- $right = include "mcapp.whole" (list $text (ternary 3 0 (eq $kind "cores"))) -}}
  {{- end -}}
  {{- if not $right -}}
    {{- dict "bytes" "a whole number of bytes, less than 8Ei"
             "cores" "CPUs in whole thousandths (1m), at most 9223372036854775"
             "count" "at most 9223372036854775807" | dig $kind "" -}}
  {{- end -}}
{{- end -}}

{{/*
A quantity without a binary unit, with its point moved to the right, as the digits of a whole number of 63 bits at most.
Empty where it is no such number. A float has 53 bits, so this moves the point in the text.
Call: include "mcapp.whole" (list "1.5k" 0) gives 1500
*/}}
{{- define "mcapp.whole" -}}
  {{- $number := regexFind "^[0-9.]+" (index . 0) -}}
  {{- $unit := trimPrefix $number (index . 0) -}}
  {{- $places := dict "" 0 "m" -3 "k" 3 "M" 6 "G" 9 "T" 12 "P" 15 "E" 18 | dig $unit 0 -}}
  {{- if regexMatch "^[eE]" $unit -}}
    {{- /* 99 places are as much too many as any larger number of them. */ -}}
    {{- $places = regexFind "[1-9][0-9]*$" $unit | trunc 2 | atoi -}}
    {{- $places = ternary 99 $places (regexMatch "[1-9][0-9]{2}" $unit) -}}
  {{- end -}}
  {{- $whole := regexFind "^[0-9]+" $number -}}
  {{- $part := printf "%s%s" (trimPrefix $whole $number | trimPrefix ".") (repeat (add $places (index . 1) | int) "0") -}}
  {{- $point := add (len $whole) $places (index . 1) | int -}}
  {{- $digits := printf "%s%s" $whole $part -}}
  {{- $whole = regexReplaceAll "^0+" (substr 0 $point $digits) "" | default "0" -}}
  {{- $tooLarge := or (gt (len $whole) 19) (and (eq (len $whole) 19) (gt $whole "9223372036854775807")) -}}
  {{- if not (or $tooLarge (contains "-" $unit) (regexMatch "[1-9]" (substr $point (len $digits) $digits))) -}}
    {{- $whole -}}
  {{- end -}}
{{- end -}}

{{/*
"true" where a quantity with a binary unit is a whole number of 63 bits at most: 0.5Gi is one, 0.1Gi and 8Ei are none.
Call: include "mcapp.isWholeBinary" "0.5Gi"
*/}}
{{- define "mcapp.isWholeBinary" -}}
  {{- $bits := dict "Ki" 10 "Mi" 20 "Gi" 30 "Ti" 40 "Pi" 50 "Ei" 60 | dig (regexFind "[A-Z]i$" .) 0 -}}
  {{- /* So many of the unit are 2 to the power of 63. */ -}}
  {{- $limit := dict "Ki" 9007199254740992 "Mi" 8796093022208 "Gi" 8589934592 "Ti" 8388608 "Pi" 8192 "Ei" 8 | dig (regexFind "[A-Z]i$" .) 0 -}}
  {{- $whole := regexReplaceAll "^0+" (regexFind "^[0-9]+" .) "" -}}
  {{- $part := regexReplaceAll "[.]?0*$" (regexFind "[.][0-9]+" .) "" | trimPrefix "." -}}
  {{- /* A part of n digits is whole times 2^bits if n is no more than the bits, and 5^n divides the digits. */ -}}
  {{- $fives := 1 -}}
  {{- range until (min 18 (len $part) | int) -}}
    {{- $fives = mul $fives 5 -}}
  {{- end -}}
  {{- $isWhole := and (le (len $part) (min 18 $bits | int)) (eq (mod (atoi $part) $fives) 0) -}}
  {{- if and $isWhole (lt (len $whole) 19) (lt (atoi $whole) (int $limit)) }}true{{ end -}}
{{- end -}}

{{/*
A container's requests and limits, each quantity as a text.
Call: include "mcapp.resources" .Values.web.resources
*/}}
{{- define "mcapp.resources" -}}
  {{- $resources := dict -}}
  {{- range $kind, $quantities := . -}}
    {{- $written := dict -}}
    {{- range $name, $quantity := $quantities -}}
      {{- if not (kindIs "invalid" $quantity) -}}
        {{- $_ := include "mcapp.written" $quantity | set $written $name -}}
      {{- end -}}
    {{- end -}}
    {{- $_ := set $resources $kind $written -}}
  {{- end -}}
  {{- toYaml $resources -}}
{{- end -}}

{{/*
The spec of a claim for one pod.
Call: include "mcapp.claim" .Values.db.persistence
*/}}
{{- define "mcapp.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ include "mcapp.className" . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ include "mcapp.size" .size | quote }}
{{- end -}}

{{/* The name of a StorageClass that is asked for: "-" is the class without a name, whose volumes are made by hand. */}}
{{- define "mcapp.className" -}}
  {{- if ne . "-" }}{{ . }}{{ end -}}
{{- end -}}
