//go:build tools

// Package helm3 pins Helm 3, with which the chart is tested; nothing imports it.
package helm3

import _ "helm.sh/helm/v3/cmd/helm"
