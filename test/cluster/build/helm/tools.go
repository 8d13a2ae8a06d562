//go:build tools

// Package helm pins Helm 3 and Helm 4, with which the chart is tested; nothing imports it.
package helm

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "helm.sh/helm/v4/cmd/helm"
)
