{{/* "true" where PostgreSQL is the release's own: in every db.mode but external. */}}
{{- define "mcapp.ownsDatabase" -}}
  {{- if ne .Values.db.mode "external" }}true{{ end -}}
{{- end -}}

{{/* "true" in db.mode ha, where the database has several members and Patroni makes one of them the leader. */}}
{{- define "mcapp.isHa" -}}
  {{- if eq .Values.db.mode "ha" }}true{{ end -}}
{{- end -}}

{{/* "true" in the middle of a move to mode ha: the server db-0 of mode standalone serves, and the members copy from it. */}}
{{- define "mcapp.follows" -}}
  {{- if and (include "mcapp.isHa" .) .Values.db.ha.follow }}true{{ end -}}
{{- end -}}

{{/* "true" in the middle of a move to mode standalone: the members still serve, and the server db-0 copies from them. */}}
{{- define "mcapp.isFollowed" -}}
  {{- if and (eq .Values.db.mode "standalone") .Values.db.ha.follow }}true{{ end -}}
{{- end -}}

{{/* "true" where members serve, or are to. */}}
{{- define "mcapp.hasMembers" -}}
  {{- if or (include "mcapp.isHa" .) (include "mcapp.isFollowed" .) }}true{{ end -}}
{{- end -}}

{{/*
Patroni's configuration. Its checksum is in the pods, so the server that they follow in a move is not in it: they need
not start again when they no longer do.
*/}}
{{- define "mcapp.patroni" -}}
  {{- tpl (.Files.Get "files/db/patroni.tpl") . -}}
{{- end -}}

{{/* What a move adds to the settings of the members in bootstrap.dcs. */}}
{{- define "mcapp.standbyCluster" -}}
standby_cluster:
  host: {{ include "mcapp.object" (list . "db-source") | quote }}
  port: 5432
  # scripts/movedb.py makes it, so that the server keeps what the members have not read.
  primary_slot_name: mcapp_move
  create_replica_methods: [basebackup]
{{- end -}}

{{/* The claim of a member in mode ha. Call: include "mcapp.memberClaim" (list . 0) */}}
{{- define "mcapp.memberClaim" -}}
data-{{ include "mcapp.object" (list (index . 0) "db") }}-{{ index . 1 }}
{{- end -}}

{{/* The claim of the database's first or only volume. */}}
{{- define "mcapp.databaseClaim" -}}
  {{- if include "mcapp.isHa" . -}}
    {{ include "mcapp.memberClaim" (list . 0) }}
  {{- else -}}
    {{ include "mcapp.object" (list . "postgres-pvc") }}
  {{- end -}}
{{- end -}}

{{/* The mode whose data the cluster holds, whatever the values ask for: ha, standalone, or empty where it holds none. */}}
{{- define "mcapp.liveMode" -}}
  {{- $database := include "mcapp.liveDatabase" . | fromJson -}}
  {{- if $database -}}
    {{ ternary "ha" "standalone" (eq (dig "metadata" "labels" "mcapp/mode" "" $database) "ha") }}
  {{- else -}}
    {{- $single := include "mcapp.live" (list . "v1" "PersistentVolumeClaim" "postgres-pvc") | fromJson -}}
    {{- /* A move keeps the old volume. The Service with Patroni's state tells which one is the old; a move from there marks it. */ -}}
    {{- $state := include "mcapp.live" (list . "v1" "Service" "db-config") | fromJson -}}
    {{- $holds := and $state (not (hasKey (dig "metadata" "labels" dict $state) "mcapp/data-left")) -}}
    {{- if and (include "mcapp.liveMemberClaim" . | fromJson) (or (not $single) $holds) -}}
      ha
    {{- else if $single -}}
      standalone
    {{- end -}}
  {{- end -}}
{{- end -}}
