{{/* Labels that select the exporter's pods; they never change. */}}
{{- define "calicometrics.selector" -}}
app.kubernetes.io/name: calicometrics
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of the chart, which every object has. */}}
{{- define "calicometrics.chart" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels of the exporter's objects. */}}
{{- define "calicometrics.labels" -}}
{{ include "calicometrics.selector" . }}
{{ include "calicometrics.chart" . }}
{{- end -}}

{{/* Labels that select Felix' Service. The name is the scrape job's, which the alerts know. */}}
{{- define "calicometrics.felix.selector" -}}
app.kubernetes.io/name: calico-felix-metrics
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of Felix' Service and its monitor. */}}
{{- define "calicometrics.felix.labels" -}}
{{ include "calicometrics.felix.selector" . }}
{{ include "calicometrics.chart" . }}
{{- end -}}

{{/* The objects' name: the release's where it is another word. */}}
{{- define "calicometrics.name" -}}
{{- if contains "calicometrics" .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-calicometrics" .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* Series belong to the node, not to the pod that happens to run there: they survive a rollout. */}}
{{- define "calicometrics.relabelings" -}}
- sourceLabels:
    - __meta_kubernetes_pod_node_name
  targetLabel: node
- sourceLabels:
    - __meta_kubernetes_pod_node_name
  targetLabel: instance
- action: labeldrop
  regex: pod|container|endpoint
{{- end -}}

{{/* One endpoint of a monitor: what the values add beats what is ours, but for relabelings, which come after ours. */}}
{{- define "calicometrics.endpoint" -}}
{{- $added := .monitor.endpoint | default dict -}}
{{- $relabelings := include "calicometrics.relabelings" . | fromYamlArray -}}
{{- $relabelings = concat $relabelings ($added.relabelings | default list) -}}
{{- $ours := dict "port" .port "path" "/metrics" -}}
{{- $_ := set $ours "interval" .monitor.interval -}}
{{- $_ := set $ours "scrapeTimeout" .monitor.scrapeTimeout -}}
{{- range $key, $value := $added -}}
{{- $_ := set $ours $key $value -}}
{{- end -}}
{{- toYaml (set $ours "relabelings" $relabelings) -}}
{{- end -}}

{{/* Where the exporter may connect to: a list of port and protocol, which is TCP where a port stands alone. */}}
{{- define "calicometrics.egress" -}}
{{- range .Values.networkPolicy.egressPorts }}
{{- $entry := . }}
{{- if not (kindIs "map" .) }}
{{- $entry = dict "port" . }}
{{- end }}
- port: {{ int $entry.port }}
  protocol: {{ $entry.protocol | default "TCP" }}
{{- end }}
{{- end -}}
