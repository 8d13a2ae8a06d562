/** Well-known addresses of node-local DNS: of its manifest upstream, of kubespray, and of LocalDNS in AKS. */
export const NODE_LOCAL_DNS = ['169.254.20.10', '169.254.25.10', '169.254.10.10', '169.254.10.11'] as const;
