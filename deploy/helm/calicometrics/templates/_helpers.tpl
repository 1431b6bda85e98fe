{{/* Labels that select the exporter's pods; they never change. */}}
{{- define "calicometrics.selector" -}}
app.kubernetes.io/name: calicometrics
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "calicometrics.labels" -}}
{{ include "calicometrics.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
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
