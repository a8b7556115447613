{{/* How many replicas a service has, and how many it keeps while nodes are drained. */}}
{{- define "kubeless.scaling" }}
{{- if and .values.autoscaling.enabled .values.keda.enabled }}
{{- fail (printf "%s: autoscaling.enabled and keda.enabled both scale the same Deployment; turn one of them off" .key) }}
{{- end }}
{{- if .values.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ .name }}}
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .values.autoscaling.cpuPercent }}}
{{- end }}
{{- if .values.keda.enabled }}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
spec:
  scaleTargetRef: {name: {{ .name }}}
  minReplicaCount: {{ .values.keda.minReplicas }}
  maxReplicaCount: {{ .values.keda.maxReplicas }}
  triggers:
    - type: prometheus
      metadata:
        serverAddress: {{ required (printf "%s.keda.prometheus: give the address of the Prometheus that scrapes this service" .key) .values.keda.prometheus | quote }}
        query: sum(kubeless_trigger_lag{job={{ .name | quote }}})
        threshold: {{ .values.keda.lagPerReplica | quote }}
{{- end }}
{{- if .values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "kubeless.selector" . | nindent 6 }}
{{- end }}
{{- end }}
