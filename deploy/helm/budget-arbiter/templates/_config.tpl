{{- /* CONFIG_FILE: the values, and what follows from others of them. */ -}}
{{- define "budget-arbiter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.tls.secretName -}}
{{- $_ := set $config "tls" (dict "cert" "/etc/budget-arbiter/tls/tls.crt" "key" "/etc/budget-arbiter/tls/tls.key") -}}
{{- end -}}
{{- with .Values.serviceAccountTokens -}}
{{- if .issuer -}}
{{- $principals := list -}}
{{- range .principals -}}
{{- $account := printf "%s/%s" .namespace .serviceAccount -}}
{{- $subject := printf "system:serviceaccount:%s:%s" .namespace .serviceAccount -}}
{{- $principals = append $principals (dict "name" $account "value" $subject "roles" .roles) -}}
{{- end -}}
{{- $issuer := dict "issuer" .issuer "audience" .audience "principals" $principals -}}
{{- if .keysConfigMap -}}
{{- $_ := set $issuer "jwks_file" "/etc/budget-arbiter/issuer/jwks.json" -}}
{{- end -}}
{{- $credentials := $config.credentials | default dict -}}
{{- $_ := set $credentials "jwt" (append ($credentials.jwt | default list) $issuer) -}}
{{- $_ := set $config "credentials" $credentials -}}
{{- end -}}
{{- end -}}
{{- with .Values.tokensSecretName -}}
{{- $credentials := $config.credentials | default dict -}}
{{- $_ := set $credentials "tokens_file" "/etc/budget-arbiter/tokens/tokens.yaml" -}}
{{- $_ := set $config "credentials" $credentials -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- /* Of what counts with a restart alone: who the credentials name is not of it, but that there are any, and client_ca. */ -}}
{{- define "budget-arbiter.configChecksum" -}}
{{- $config := include "budget-arbiter.config" . | fromYaml -}}
{{- $credentials := $config.credentials | default dict -}}
{{- $clientCa := ($credentials.mtls | default dict).client_ca -}}
{{- dict "rest" (omit $config "credentials") "any" (not (empty $credentials)) "clientCa" $clientCa | toJson | sha256sum -}}
{{- end -}}
