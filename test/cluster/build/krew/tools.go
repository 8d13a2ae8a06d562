//go:build tools

// Package krew pins krew and its validation of manifests, which a test of the packages of the plugin runs; nothing imports it.
package krew

import (
	_ "sigs.k8s.io/krew/cmd/krew"
	_ "sigs.k8s.io/krew/cmd/validate-krew-manifest"
)
