{{/*
The page's URLs by host name, one a line: the Ingress's, then the HTTPRoute's. Only a Gateway's listener shows whether it
uses TLS, so a route's URLs begin with http where nothing redirects to https.
*/}}
{{- define "mcapp.namedUrls" -}}
  {{- $urls := list -}}
  {{- with .Values.ingress -}}
    {{- if .enabled -}}
      {{- $secure := list -}}
      {{- range .tls -}}
        {{- $secure = concat $secure (.hosts | default list) -}}
      {{- end -}}
      {{- range .hosts | default (list "<the Ingress controller's address>") -}}
        {{- $urls = append $urls (printf "%s://%s" (ternary "https" "http" (has . $secure)) .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- with .Values.httpRoute -}}
    {{- if .enabled -}}
      {{- $scheme := ternary "https" "http" (not (empty .redirectParentRefs)) -}}
      {{- range .hostnames | default (list (printf "<the address of the Gateway %s>" (first .parentRefs).name)) -}}
        {{- $urls = append $urls (printf "%s://%s" $scheme .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $urls | join "\n" -}}
{{- end -}}
