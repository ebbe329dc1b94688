{{/*
backup.schedule is one that Kubernetes takes, by the same rules as its parser (robfig/cron, ParseStandard), and that comes
at all. Kubernetes takes a date that never comes, and also "*-5" and "@every -1h", which it reads as "*" and "every second".
*/}}
{{- define "mcapp.validate.schedule" -}}
  {{- with include "mcapp.scheduleWanted" .Values.backup.schedule -}}
    {{- include "mcapp.wrong" (list "backup.schedule" $.Values.backup.schedule .) -}}
  {{- end -}}
{{- end -}}

{{/*
What a schedule must be, where it is not; empty for a right one.
Call: include "mcapp.scheduleWanted" .Values.backup.schedule
*/}}
{{- define "mcapp.scheduleWanted" -}}
  {{- $fields := regexSplit "\\s+" (trim .) -1 -}}
  {{- if contains "TZ" . -}}
    a schedule without a time zone, which is in backup.timeZone
  {{- else if hasPrefix "@every " . -}}
    {{- include "mcapp.intervalWanted" (trimPrefix "@every " .) -}}
  {{- else if hasPrefix "@" . -}}
    {{- if not (has . (list "@yearly" "@annually" "@monthly" "@weekly" "@daily" "@midnight" "@hourly")) -}}
      @hourly, @daily, @weekly, @monthly, @yearly or such as '@every 12h'
    {{- end -}}
  {{- else if ne (len $fields) 5 -}}
    five fields: minute, hour, day of month, month, day of week, such as '0 3 * * *'; or @daily and the like
  {{- else -}}
    {{- include "mcapp.fieldsWanted" $fields -}}
  {{- end -}}
{{- end -}}

{{/* The same for the five fields, as a list. */}}
{{- define "mcapp.fieldsWanted" -}}
  {{- $months := list "jan" "feb" "mar" "apr" "may" "jun" "jul" "aug" "sep" "oct" "nov" "dec" -}}
  {{- $kinds := list
        (dict "name" "minutes" "low" 0 "high" 59 "names" list)
        (dict "name" "hours" "low" 0 "high" 23 "names" list)
        (dict "name" "days of the month" "low" 1 "high" 31 "names" list)
        (dict "name" "months" "low" 1 "high" 12 "names" $months)
        (dict "name" "days of the week" "low" 0 "high" 6 "names" (list "sun" "mon" "tue" "wed" "thu" "fri" "sat")) -}}
  {{- $wanted := list -}}
  {{- $read := list -}}
  {{- range $index, $field := . -}}
    {{- $kind := index $kinds $index -}}
    {{- $values := include "mcapp.fieldValues" (dict "field" $field "kind" $kind) | fromJsonArray -}}
    {{- $read = append $read $values -}}
    {{- if not $values -}}
      {{- $named := ternary (printf " or %s to %s" (first $kind.names | default "") (last $kind.names | default "")) "" (gt (len $kind.names) 0) -}}
      {{- $ends := ternary ", the lower end of a range first and a step of 1 or more," "" (regexMatch "[-/]" $field) -}}
      {{- $wanted = append $wanted (printf "%s from %d to %d%s%s in the place of '%s'" $kind.name $kind.low $kind.high $named $ends $field) -}}
    {{- end -}}
  {{- end -}}
  {{- if $wanted -}}
    {{- join " and " $wanted -}}
  {{- else if regexMatch "(^|,)[*?](/[+]?0*1)?(,|$)" (index . 4) -}}
    {{- /* With a day of the week as well, either of the two days is enough, and every month has each day of the week. */ -}}
    {{- $longest := 0 -}}
    {{- range index $read 3 -}}
      {{- $longest = max $longest (index (list 31 29 31 30 31 30 31 31 30 31 30 31) (sub (int .) 1 | int)) -}}
    {{- end -}}
    {{- $first := 31 -}}
    {{- range index $read 2 -}}
      {{- $first = min $first . -}}
    {{- end -}}
    {{- if gt $first $longest -}}
      a day that comes: none of its months has a day {{ $first }}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/*
The numbers that a field stands for, as a JSON array; [] for a field that is wrong or empty.
Call: include "mcapp.fieldValues" (dict "field" "1-5/2" "kind" (dict "low" 0 "high" 6 "names" (list "sun" ...)))
*/}}
{{- define "mcapp.fieldValues" -}}
  {{- $kind := .kind -}}
  {{- $value := printf "([+]?[0-9]{1,9}%s)" (ternary (join "|" $kind.names | printf "|(?i:%s)") "" (gt (len $kind.names) 0)) -}}
  {{- $form := printf "^([*?]|%s(-%s)?)(/[+]?[0-9]{1,9})?$" $value $value -}}
  {{- $values := list -}}
  {{- $wrong := false -}}
  {{- range $part := splitList "," .field | compact -}}
    {{- $text := lower $part -}}
    {{- range $index, $name := $kind.names -}}
      {{- $text = regexReplaceAll (printf "\\b%s\\b" $name) $text (add $index $kind.low | toString) -}}
    {{- end -}}
    {{- $ends := splitList "/" $text | first | splitList "-" -}}
    {{- $step := regexFind "/.*" $text | trimPrefix "/" | default "1" | atoi -}}
    {{- $low := first $ends | atoi -}}
    {{- $high := last $ends | atoi -}}
    {{- if has (first $ends) (list "*" "?") -}}
      {{- $low = $kind.low -}}
      {{- $high = $kind.high -}}
    {{- else if and (contains "/" $text) (eq (len $ends) 1) -}}
      {{- $high = $kind.high -}}
    {{- end -}}
    {{- if and (regexMatch $form $part) (le $kind.low $low) (le $low $high) (le $high $kind.high) (gt $step 0) -}}
      {{- $values = concat $values (untilStep $low (add1 $high | int) $step) -}}
    {{- else -}}
      {{- $wrong = true -}}
    {{- end -}}
  {{- end -}}
  {{- ternary list $values $wrong | toJson -}}
{{- end -}}

{{/*
The same for the text after "@every ": a duration of Go's.
Call: include "mcapp.intervalWanted" "1h30m"
*/}}
{{- define "mcapp.intervalWanted" -}}
  {{- $number := "([0-9]+([.][0-9]*)?|[.][0-9]+)" -}}
  {{- $units := dict "h" 3600.0 "m" 60.0 "s" 1.0 "ms" 1e-3 "us" 1e-6 "µs" 1e-6 "μs" 1e-6 "ns" 1e-9 -}}
  {{- $seconds := 0.0 -}}
  {{- range regexFindAll (printf "%s[a-zµμ]+" $number) . -1 -}}
    {{- $count := regexFind "^[0-9.]+" . -}}
    {{- $seconds = addf $seconds (mulf (float64 $count) (trimPrefix $count . | get $units | default 0.0)) -}}
  {{- end -}}
  {{- $form := printf "^[+]?(%s(h|m|s|ms|us|µs|μs|ns))+$" $number -}}
  {{- /* Kubernetes makes a second of anything shorter, and a duration has 63 bits of nanoseconds. */ -}}
  {{- if not (and (regexMatch $form .) (ge $seconds 1.0) (lt $seconds 9e9)) -}}
    an interval of a second or more, such as '@every 12h'
  {{- end -}}
{{- end -}}

{{/*
backup.timeZone is a zone that there is. Templates have no list of zones, but a date in an unknown zone is shown in UTC.
So a zone is unknown if its dates are in UTC and it is none of UTC's own names. This goes by the machine that renders,
and can tell nothing where that has no zones, as in an empty container; then Asia/Taipei is unknown, too. A zone that is
newer than the machine's list is refused: its older name does (Europe/Kiev for Europe/Kyiv).
*/}}
{{- define "mcapp.validate.timeZone" -}}
  {{- $hasZones := ne (dateInZone "MST" 0 "Asia/Taipei") "UTC" -}}
  {{- with .Values.backup.timeZone -}}
    {{- /* Every zone had a name of its own, or none at all, at one of these two dates. */ -}}
    {{- $isUtc := and (eq (dateInZone "MST" 0 .) "UTC") (eq (dateInZone "MST" 1767225600 .) "UTC") -}}
    {{- $named := has (trimPrefix "Etc/" .) (list "UTC" "UCT" "Universal" "Zulu") -}}
    {{- if or (eq (lower .) "local") (and $hasZones $isUtc (not $named)) -}}
      {{- include "mcapp.wrong" (list "backup.timeZone" . "the name of a time zone, such as Asia/Taipei or UTC") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
