//go:build tools

// Package helm4 pins Helm 4, with which the chart is tested; nothing imports it.
package helm4

import _ "helm.sh/helm/v4/cmd/helm"
