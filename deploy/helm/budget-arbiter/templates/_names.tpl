{{- define "budget-arbiter.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Of everything: pods of jobs, too, for which the network policy holds. */ -}}
{{- define "budget-arbiter.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Of the pods that serve. */ -}}
{{- define "budget-arbiter.serviceLabels" -}}
{{ include "budget-arbiter.labels" . }}
app.kubernetes.io/component: service
{{- end -}}

{{- define "budget-arbiter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "budget-arbiter.dataClaim" -}}
data-{{ include "budget-arbiter.name" . }}-0
{{- end -}}

{{- define "budget-arbiter.backupClaim" -}}
{{- .Values.backup.existingClaim | default (printf "%s-backups" (include "budget-arbiter.name" .)) -}}
{{- end -}}

{{- /* While a restore is under way nobody may serve. */ -}}
{{- define "budget-arbiter.replicas" -}}
{{- if .Values.restore.enabled -}}0{{- else if eq .Values.store.kind "embedded" -}}1{{- else -}}{{ .Values.replicas }}{{- end -}}
{{- end -}}
