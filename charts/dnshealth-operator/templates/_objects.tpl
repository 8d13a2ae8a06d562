{{/*
One object as YAML, with the labels and annotations of the values. What an object has already wins, because its own labels
are what selectors and Pod Security read.
Arguments: object, and root, the context of the chart.
*/}}
{{- define "dnshealth.object" -}}
{{- $metadata := .object.metadata -}}
{{- range $field := list "labels" "annotations" -}}
{{- $all := merge (dict) (get $metadata $field | default dict) (get $.root.Values $field | default dict) -}}
{{- if $all -}}
{{- $_ := set $metadata $field $all -}}
{{- end -}}
{{- end }}
---
{{ toYaml .object }}
{{- end -}}

{{/*
The objects of a file below files/, which are copies of config/ and crds/.
Arguments: path, and root, the context of the chart.
*/}}
{{- define "dnshealth.file" -}}
{{- $root := .root -}}
{{- range splitList "\n---\n" ($root.Files.Get .path) -}}
{{- include "dnshealth.object" (dict "object" (fromYaml .) "root" $root) -}}
{{- end -}}
{{- end -}}

{{/* The image of the operator, of its pods on nodes and of the test. */}}
{{- define "dnshealth.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Not empty if there is a cluster, which always has kube-system: "helm template" knows of none. */}}
{{- define "dnshealth.cluster" -}}
{{- with lookup "v1" "Namespace" "" "kube-system" -}}
{{- .metadata.name -}}
{{- end -}}
{{- end -}}
