{{/*
The account of a service and its rights: no more than it needs to work, see docs/rights.md.

`rules` hold where functions live: in the whole cluster, or in each of the namespaces listed. `ownRules` hold in the
namespace of this release, where the service keeps its Lease.
*/}}
{{- define "kubeless.rights" }}
{{- $root := .root }}
{{- $labels := printf "%s\n%s" (include "kubeless.labels" .root) (include "kubeless.component" .) }}
{{- $subject := printf "{kind: ServiceAccount, name: %s, namespace: %s}" .name $root.Release.Namespace }}
{{- $rules := include (printf "kubeless.%s.rules" .component) . | trim }}
{{- $ownRules := include (printf "kubeless.%s.ownRules" .component) . | trim }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- $labels | nindent 4 }}
{{- if $root.Values.namespaces }}
{{- range $root.Values.namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $.name }}
  namespace: {{ . }}
  labels:
    {{- $labels | nindent 4 }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $.name }}
  namespace: {{ . }}
  labels:
    {{- $labels | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $.name }}}
subjects: [{{ $subject }}]
{{- end }}
{{- else }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name }}
  labels:
    {{- $labels | nindent 4 }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .name }}
  labels:
    {{- $labels | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ .name }}}
subjects: [{{ $subject }}]
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}-own
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- $labels | nindent 4 }}
rules:
  {{- $ownRules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}-own
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- $labels | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name }}-own}
subjects: [{{ $subject }}]
{{- end }}

{{/* Replicas agree by a Lease on the one that writes. Who may create an object cannot be limited to its name. */}}
{{- define "kubeless.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ . }}]
  verbs: [get, update]
{{- end }}

{{/* Which functions a trigger means, and where they live. */}}
{{- define "kubeless.routingRules" -}}
- apiGroups: [kubeless.io]
  resources: [functions]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
{{- end }}

{{/* To follow triggers, write their status, and take off the finalizers that the Go controllers left. */}}
{{- define "kubeless.triggerRules" -}}
- apiGroups: [kubeless.io]
  resources: [{{ . }}]
  verbs: [list, watch, patch]
- apiGroups: [kubeless.io]
  resources: [{{ . }}/status]
  verbs: [patch]
{{- end }}

{{/* Credentials that a Secret of this namespace holds. */}}
{{- define "kubeless.secretRules" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ . }}]
  verbs: [list, watch]
{{- end }}
