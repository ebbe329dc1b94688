{{/* "true" where PostgreSQL is the release's own: in every db.mode but external. */}}
{{- define "mcapp.ownsDatabase" -}}
  {{- if ne .Values.db.mode "external" }}true{{ end -}}
{{- end -}}

{{/* "true" in db.mode ha, where the database has several members and Patroni makes one of them the leader. */}}
{{- define "mcapp.isHa" -}}
  {{- if eq .Values.db.mode "ha" }}true{{ end -}}
{{- end -}}

{{/* "true" where the live database is in mode ha, whatever mode the values ask for. */}}
{{- define "mcapp.liveIsHa" -}}
  {{- if eq (include "mcapp.liveDatabase" . | fromJson | dig "metadata" "labels" "mcapp/mode" "") "ha" }}true{{ end -}}
{{- end -}}
