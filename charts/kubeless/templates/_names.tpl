{{/*
Names are fixed, not made from the release's: the command finds the services by them, replicas find each other by the
Leases, and a cluster (or a set of namespaces) has one installation.
*/}}

{{- define "kubeless.labels" -}}
app.kubernetes.io/part-of: kubeless
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{/* What selects the pods of a service; must never change. */}}
{{- define "kubeless.selector" -}}
app.kubernetes.io/part-of: kubeless
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The image of all services: a digest goes before a tag. */}}
{{- define "kubeless.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Values of one service: its own over the common ones, as JSON. */}}
{{- define "kubeless.values" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.common) (deepCopy (index .root.Values .key)) | toJson }}
{{- end }}

{{/* Whether a service is on: "true", or nothing. */}}
{{- define "kubeless.enabled" -}}
{{- if (include "kubeless.values" . | fromJson).enabled }}true{{ end }}
{{- end }}

{{/* Seconds that a pod gets to stop: until nobody sends it more, what its events get, and some to close and give up. */}}
{{- define "kubeless.grace" -}}
{{ add (int (.stopDelaySeconds | default 0)) (int .drainSeconds) 10 }}
{{- end }}

{{/* What a pod of the restricted level says of itself. */}}
{{- define "kubeless.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "kubeless.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
