{{/*
Everything that a service needs to run, the same way for all of them. The argument:

  root       $
  key        its key in the values
  component  its name in labels: gateway, kafka-consumer, ...
  name       of its objects
  module     what Python runs
  adminPort  of /healthz, /readyz and /metrics
  ports      a list of {name, port}: what else it listens on

Each service defines `kubeless.<component>.env`, `.rules` (rights where functions live) and `.ownRules` (rights in the
namespace of this release).
*/}}
{{- define "kubeless.service" -}}
{{- $values := include "kubeless.values" . | fromJson -}}
{{- $service := merge (dict "values" $values) . -}}
{{- if $values.enabled }}
{{- include "kubeless.rights" $service }}
{{- include "kubeless.deployment" $service }}
{{- include "kubeless.endpoint" $service }}
{{- include "kubeless.scaling" $service }}
{{- include "kubeless.networkPolicy" $service }}
{{- include "kubeless.monitor" $service }}
{{- end }}
{{- end }}

{{- define "kubeless.deployment" }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
spec:
  {{- if not (or .values.autoscaling.enabled .values.keda.enabled) }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    # A new pod takes over before an old one leaves: no event waits for a rollout.
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  selector:
    matchLabels:
      {{- include "kubeless.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "kubeless.labels" .root | nindent 8 }}
        {{- include "kubeless.component" . | nindent 8 }}
        {{- with .values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with .values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ .name }}
      terminationGracePeriodSeconds: {{ include "kubeless.grace" .values }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- include "kubeless.podSecurity" .root | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ include "kubeless.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [{{ .module }}]
          env:
            - name: KUBELESS_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            - name: KUBELESS_CONFIG
              value: kubeless-config
            - name: KUBELESS_LOG_LEVEL
              value: {{ .values.logLevel | quote }}
            {{- with .root.Values.tracing.endpoint }}
            - name: OTEL_EXPORTER_OTLP_ENDPOINT
              value: {{ . | quote }}
            {{- end }}
            {{- include (printf "kubeless.%s.env" .component) . | trim | nindent 12 }}
            {{- with .values.extraEnv }}{{ toYaml . | nindent 12 }}{{ end }}
          {{- with .values.extraEnvFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - {name: admin, containerPort: {{ .adminPort }}}
            {{- range .ports }}
            - {name: {{ .name }}, containerPort: {{ .port }}}
            {{- end }}
          {{- with .values.stopDelaySeconds }}
          # Whoever chooses among the endpoints hears a moment later that this one leaves: until then it serves as ever.
          lifecycle:
            preStop:
              exec:
                command: [python, -c, "import time; time.sleep({{ . }})"]
          {{- end }}
          # Informers of a large cluster take their time to fill: only then does liveness count.
          startupProbe:
            httpGet: {path: /healthz, port: admin}
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: {path: /healthz, port: admin}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            httpGet: {path: /readyz, port: admin}
            periodSeconds: 5
            timeoutSeconds: 3
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "kubeless.containerSecurity" .root | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- with .values.extraVolumeMounts }}{{ toYaml . | nindent 12 }}{{ end }}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        {{- with .values.extraVolumes }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .values.topologySpread }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "kubeless.selector" $ | nindent 14 }}
        {{- end }}
      {{- end }}
{{- end }}

{{- define "kubeless.component" -}}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/name: {{ .name }}
{{- end }}

{{- define "kubeless.endpoint" }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "kubeless.labels" .root | nindent 4 }}
    {{- include "kubeless.component" . | nindent 4 }}
  {{- with (.values.service | default dict).annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ (.values.service | default dict).type | default "ClusterIP" }}
  selector:
    {{- include "kubeless.selector" . | nindent 4 }}
  ports:
    {{- range .ports }}
    - {name: {{ .name }}, port: {{ .servicePort | default .port }}, targetPort: {{ .name }}}
    {{- end }}
    {{- if not (and .ports (ne ((.values.service | default dict).type | default "ClusterIP") "ClusterIP")) }}
    - {name: admin, port: {{ .adminPort }}, targetPort: admin}
    {{- end }}
{{- end }}
