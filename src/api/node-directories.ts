/** Directories of a node that the agent works in, as the node sees them and as its pod sees them. */

/** The agent's pod mounts the directories of the node below this path: /etc of the node is /host/etc. */
export const HOST_ROOT = '/host';
/** Lock, journals and backups of the agent. */
export const STATE_DIRECTORY = '/var/lib/dnshealth';
/** Directories that configure kubelets. Except for its own state, the agent changes files only in these. */
export const KUBELET_DIRECTORIES = [
  '/etc/kubernetes',
  '/var/lib/kubelet',
  '/etc/default',
  '/etc/sysconfig',
] as const;
export type KubeletDirectory = (typeof KUBELET_DIRECTORIES)[number];
/** Writable by default, because they hold the setting on almost every node. The others are mounted only if needed. */
export const USUAL_DIRECTORIES: readonly KubeletDirectory[] = ['/etc/kubernetes', '/var/lib/kubelet'];
