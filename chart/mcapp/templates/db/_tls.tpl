{{/*
How connections to the release's own PostgreSQL are encrypted: the word of db.tls.mode, or empty where they are not. YAML
reads a bare `off` as false.
*/}}
{{- define "mcapp.databaseTls" -}}
  {{- if and (include "mcapp.ownsDatabase" .) .Values.db.tls.mode (ne .Values.db.tls.mode "off") -}}
    {{ .Values.db.tls.mode }}
  {{- end -}}
{{- end -}}

{{/* The Secret with the server's certificate (tls.crt), its key (tls.key) and the CA's certificate (ca.crt). */}}
{{- define "mcapp.tlsSecret" -}}
  {{- if eq .Values.db.tls.mode "existingSecret" -}}
    {{ .Values.db.tls.existingSecret }}
  {{- else -}}
    {{ include "mcapp.object" (list . (ternary "db-certificate" "db-tls" (eq .Values.db.tls.mode "certManager"))) }}
  {{- end -}}
{{- end -}}

{{/* That of the server which runs now; where none is known, that of the values. */}}
{{- define "mcapp.runningTlsSecret" -}}
  {{- $live := include "mcapp.liveDatabase" . | fromJson -}}
  {{- dig "metadata" "annotations" "mcapp/tls-secret" "" $live | default (include "mcapp.tlsSecret" .) -}}
{{- end -}}

{{/* The names by which clients may know a server, as a JSON array. In a move to another db.mode, those of both are in use. */}}
{{- define "mcapp.databaseNames" -}}
  {{- $root := . -}}
  {{- $db := include "mcapp.object" (list . "db") -}}
  {{- $short := list $db (printf "%s-0.%s" $db $db) (printf "%s-ro" $db) (printf "%s-source" $db) -}}
  {{- range $number := until (int .Values.db.ha.members) -}}
    {{- $short = append $short (printf "%s-%d.%s-members" $db $number $db) -}}
  {{- end -}}
  {{- $names := list -}}
  {{- range $short -}}
    {{- $names = concat $names (list . (printf "%s.%s" . $root.Release.Namespace) (printf "%s.%s.svc" . $root.Release.Namespace)) -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{/* How a time is written in an annotation. */}}
{{- define "mcapp.timeLayout" -}}
  2006-01-02T15:04:05Z07:00
{{- end -}}

{{/*
The live certificate of a Secret that mode auto has made, as JSON: {"crt", "key", "ends"}. It is {} where there is none, where
less than `least` seconds of its life are left, and where it is for other names.
Call: include "mcapp.liveCertificate" (dict "root" . "secret" "db-tls" "names" "db,db-ro" "least" 86400)
*/}}
{{- define "mcapp.liveCertificate" -}}
  {{- $secret := include "mcapp.live" (list .root "v1" "Secret" .secret) | fromJson -}}
  {{- $notes := dig "metadata" "annotations" dict $secret -}}
  {{- $found := dict -}}
  {{- if and (hasKey $notes "mcapp/ends") (eq (get $notes "mcapp/names") .names) -}}
    {{- $left := sub (toDate (include "mcapp.timeLayout" .) (get $notes "mcapp/ends") | unixEpoch | int64) (now | unixEpoch | int64) -}}
    {{- if ge $left (int64 .least) -}}
      {{- $found = dict "crt" (index $secret.data "tls.crt" | b64dec) "key" (index $secret.data "tls.key" | b64dec) -}}
      {{- $_ := set $found "ends" (get $notes "mcapp/ends") -}}
      {{- $_ := set $found "ca" (dig "data" "ca.crt" "" $secret | b64dec) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $found -}}
{{- end -}}

{{/* The seconds before a certificate's end in which it is renewed: the last third, and before the doctor warns. */}}
{{- define "mcapp.renewBefore" -}}
  {{- max (mul 28800 (int .Values.db.tls.days)) (mul 86400 15) -}}
{{- end -}}

{{/* When a certificate of so many days ends that is made now. */}}
{{- define "mcapp.endsAfter" -}}
  {{- dateInZone (include "mcapp.timeLayout" .) (now | dateModify (mul 24 (int .) | printf "%dh")) "UTC" -}}
{{- end -}}

{{/*
What mode auto has, as JSON: {"ca": {...}, "server": {...}}, each with "crt", "key" and "ends". An upgrade keeps what is live, and
makes a new certificate when less than a third of its life is left. It is kept in .Values, since a second call would make another.
*/}}
{{- define "mcapp.madeTls" -}}
  {{- $tls := .Values.db.tls -}}
  {{- if not (hasKey $tls "_made") -}}
    {{- $names := include "mcapp.databaseNames" . | fromJsonArray -}}
    {{- $db := include "mcapp.object" (list . "db") -}}
    {{- $look := dict "root" . "secret" "db-ca" "names" $db "least" (mul 2 86400 (int $tls.days)) -}}
    {{- $ca := include "mcapp.liveCertificate" $look | fromJson -}}
    {{- if not $ca -}}
      {{- /* It outlives several certificates: whoever has them must not be left with another CA. */ -}}
      {{- $days := max 3650 (mul 3 (int $tls.days)) -}}
      {{- $new := genCAWithKey (printf "CA of %s in %s" $db .Release.Namespace) (int $days) (genPrivateKey "ecdsa") -}}
      {{- $ca = dict "crt" $new.Cert "key" $new.Key "ends" (include "mcapp.endsAfter" $days) -}}
    {{- end -}}
    {{- $least := include "mcapp.renewBefore" . | int64 -}}
    {{- $look = dict "root" . "secret" "db-tls" "names" (join "," $names) "least" $least -}}
    {{- $server := include "mcapp.liveCertificate" $look | fromJson -}}
    {{- if not (and $server (eq $server.ca $ca.crt)) -}}
      {{- $signer := buildCustomCert (b64enc $ca.crt) (b64enc $ca.key) -}}
      {{- $new := genSignedCertWithKey $db nil $names (int $tls.days) $signer (genPrivateKey "ecdsa") -}}
      {{- $server = dict "crt" $new.Cert "key" $new.Key "ends" (include "mcapp.endsAfter" $tls.days) -}}
    {{- end -}}
    {{- $_ := set $tls "_made" (dict "ca" $ca "server" $server) -}}
  {{- end -}}
  {{- toJson $tls._made -}}
{{- end -}}

{{/* The mount of the server's certificate, in a server's container. */}}
{{- define "mcapp.tlsMounts" -}}
{{- if include "mcapp.databaseTls" . -}}
- name: tls
  mountPath: /etc/mcapp/db-tls
  readOnly: true
{{- end -}}
{{- end -}}

{{/* The volume of that mount. PostgreSQL refuses a key that others may read; the group is the pod's own. */}}
{{- define "mcapp.tlsVolumes" -}}
{{- if include "mcapp.databaseTls" . -}}
- name: tls
  secret:
    secretName: {{ include "mcapp.tlsSecret" . | quote }}
    defaultMode: 0440
{{- end -}}
{{- end -}}

{{/* The variables by which psql and the like check the server, in a pod with "mcapp.databaseMounts". */}}
{{- define "mcapp.tlsEnv" -}}
{{- if eq (include "mcapp.serverTls" .) "required" -}}
- name: PGSSLMODE
  value: verify-full
- name: PGSSLROOTCERT
  value: /etc/mcapp/db-ca/ca.crt
{{- end -}}
{{- end -}}

{{/*
How far the servers are with it: `required`, or `begun` in the first upgrade of members that have had no certificates, or those of
another Secret: while they are replaced, each must understand the others. The upgrade after that ends it, but not while members are
still to be replaced, nor in the middle of a move.
*/}}
{{- define "mcapp.serverTls" -}}
  {{- if include "mcapp.databaseTls" . -}}
    {{- $live := include "mcapp.liveDatabase" . | fromJson -}}
    {{- $notes := dig "metadata" "annotations" dict $live -}}
    {{- $same := eq (get $notes "mcapp/tls-secret") (include "mcapp.tlsSecret" .) -}}
    {{- $unsettled := and (eq (get $notes "mcapp/tls") "begun") (not (include "mcapp.membersSettled" $live)) -}}
    {{- if and (include "mcapp.hasMembers" .) $live (or (not $same) $unsettled) -}}
      begun
    {{- else -}}
      required
    {{- end -}}
  {{- end -}}
{{- end -}}

{{/* "true" where every pod of a StatefulSet is of its latest revision and ready, and it is not in the middle of a move. */}}
{{- define "mcapp.membersSettled" -}}
  {{- $status := .status | default dict -}}
  {{- $wanted := dig "spec" "replicas" 0 . | int -}}
  {{- $here := and (eq $wanted (int $status.updatedReplicas)) (eq $wanted (int $status.readyReplicas)) -}}
  {{- $seen := eq (int64 $status.observedGeneration) (dig "metadata" "generation" 0 . | int64) -}}
  {{- if and $here $seen (not (dig "spec" "ordinals" "start" 0 .)) }}true{{ end -}}
{{- end -}}

{{/* The annotations of the StatefulSet that tell it to the next upgrade. */}}
{{- define "mcapp.tlsAnnotation" -}}
  {{- with include "mcapp.serverTls" . -}}
annotations:
  # What the chart did, for its next upgrade.
  mcapp/tls: {{ . | quote }}
  mcapp/tls-secret: {{ include "mcapp.tlsSecret" $ | quote }}
  {{- end -}}
{{- end -}}
