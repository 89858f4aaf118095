{{- define "budget-arbiter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "budget-arbiter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* Where the store is: for the service, and for the commands of its jobs. */ -}}
{{- define "budget-arbiter.storeEnvironment" -}}
{{- with .Values.store -}}
{{- if eq .kind "embedded" -}}
- name: DATA_DIR
  value: /data/{{ .embedded.folder }}
{{- else -}}
- name: MONGODB_URI
  valueFrom:
    secretKeyRef:
      name: {{ .mongodb.secretName }}
      key: {{ .mongodb.secretKey }}
- name: MONGODB_DATABASE
  value: {{ .mongodb.database }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What every pod here has. */ -}}
{{- define "budget-arbiter.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "budget-arbiter.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "budget-arbiter.probe" -}}
httpGet: {path: {{ .path }}, port: http, scheme: {{ ternary "HTTPS" "HTTP" (ne .Values.tls.secretName "") }}}
{{- end -}}

{{- /* The pod that serves, for a Deployment and a StatefulSet. */ -}}
{{- define "budget-arbiter.pod" -}}
metadata:
  labels:
    {{- include "budget-arbiter.serviceLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Another configuration is another pod, unless credentials alone are others: those count without a restart.
    checksum/config: {{ include "budget-arbiter.configChecksum" . }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "budget-arbiter.podBasics" . | nindent 2 }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # The service drains within 10 s of SIGTERM, which comes after preStop.
  terminationGracePeriodSeconds: 20
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "budget-arbiter.serviceLabels" . | nindent 10 }}
  containers:
    - name: budget-arbiter
      image: {{ include "budget-arbiter.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      ports:
        - name: grpc
          containerPort: 50051
        - name: http
          containerPort: 8080
      env:
        - name: CONFIG_FILE
          value: /etc/budget-arbiter/config/config.yaml
        {{- include "budget-arbiter.storeEnvironment" . | nindent 8 }}
        {{- range $name, $value := .Values.settings }}
        - name: {{ $name }}
          value: {{ $value | toString | quote }}
        {{- end }}
      {{- with .Values.settingsSecretName }}
      envFrom:
        - secretRef:
            name: {{ . }}
      {{- end }}
      # Of the service itself: these two paths ask for no credentials, and for no client certificate either. A command as probe
      # would start a process every few seconds.
      startupProbe:
        {{- include "budget-arbiter.probe" (dict "path" "/readyz" "Values" .Values) | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 30
      readinessProbe:
        {{- include "budget-arbiter.probe" (dict "path" "/readyz" "Values" .Values) | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      # A store that does not answer is no reason to restart: it would end nothing but the waiting.
      livenessProbe:
        {{- include "budget-arbiter.probe" (dict "path" "/healthz" "Values" .Values) | nindent 8 }}
        periodSeconds: 20
        timeoutSeconds: 5
        failureThreshold: 3
      lifecycle:
        preStop:
          exec:
            # Until every balancer has taken it off its list.
            command: [sleep, "5"]
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- include "budget-arbiter.containerSecurity" . | nindent 8 }}
      volumeMounts:
        # Folders without subPath: what changes in them is seen without a restart.
        - name: config
          mountPath: /etc/budget-arbiter/config
          readOnly: true
        {{- if .Values.tls.secretName }}
        - name: tls
          mountPath: /etc/budget-arbiter/tls
          readOnly: true
        {{- end }}
        {{- if .Values.tokensSecretName }}
        - name: tokens
          mountPath: /etc/budget-arbiter/tokens
          readOnly: true
        {{- end }}
        {{- if .Values.serviceAccountTokens.keysConfigMap }}
        - name: issuer
          mountPath: /etc/budget-arbiter/issuer
          readOnly: true
        {{- end }}
        {{- if eq .Values.store.kind "embedded" }}
        - name: data
          mountPath: /data
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: config
      configMap:
        name: {{ include "budget-arbiter.name" . }}
    {{- with .Values.tls.secretName }}
    - name: tls
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- with .Values.tokensSecretName }}
    - name: tokens
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- with .Values.serviceAccountTokens.keysConfigMap }}
    - name: issuer
      configMap:
        name: {{ . }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
{{- end -}}
