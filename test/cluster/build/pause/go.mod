module dnshealth.io/rig/pause

go 1.24.0
