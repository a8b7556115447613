{{/* Who may talk to a service: to its admin port the API server (whose address is nobody's pod) and Prometheus. */}}
{{- define "kubeless.networkPolicy" }}
{{- if .values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "kubeless.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    {{- if .ports }}
    - ports:
        {{- range .ports }}
        - {port: {{ .name }}, protocol: TCP}
        {{- end }}
    {{- end }}
    - ports:
        - {port: admin, protocol: TCP}
      {{- with .values.networkPolicy.adminFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}

{{- define "kubeless.monitor" }}
{{- if .values.serviceMonitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
    {{- with .values.serviceMonitor.labels }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "kubeless.component" . | nindent 6 }}
  endpoints:
    # The label `namespace` of the series is that of the function, not of this service.
    - {port: admin, path: /metrics, interval: {{ .values.serviceMonitor.interval }}, honorLabels: true}
{{- end }}
{{- end }}
