/** The contract's names: API group, labels, annotations, taint and namespaces, written once. */

export const GROUP = 'dnshealth.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Where CoreDNS lives. Not a policy field: a policy must not be able to point the operator's deletes elsewhere. */
export const DNS_NAMESPACE = 'kube-system';
/** The label that both kubeadm and kubespray put on the CoreDNS pods. */
export const DNS_POD_SELECTOR = 'k8s-app=kube-dns';

/** The only namespace where pods with node directories are created; its Pod Security level is privileged. */
export const NODE_NAMESPACE = 'dnshealth-node';

/** Taint of a quarantined node where the policy's strategy is Taint. */
export const QUARANTINE_TAINT_KEY = `${GROUP}/quarantine`;
/**
 * Written in the same patch as the cordon or taint: a JSON `QuarantineRecord`, so that whoever finds the
 * node, also after every other object is gone, knows who holds it and how to give it back.
 */
export const QUARANTINE_ANNOTATION = `${GROUP}/quarantine`;
/** On a quarantined node: the DNSRemediation that holds it, for `kubectl get nodes -L`. The annotation is the record. */
export const QUARANTINED_BY_LABEL = `${GROUP}/quarantined-by`;
/** A node with this label set to "true" is never quarantined or repaired. */
export const EXCLUDE_LABEL = `${GROUP}/exclude`;
/** Set to "true" on a failed DNSRemediation by a person: the failure no longer halts the rollout. */
export const ACKNOWLEDGED_ANNOTATION = `${GROUP}/acknowledged`;

/** On Jobs and pods that the operator creates: the DNSRemediation they belong to. */
export const REMEDIATION_LABEL = `${GROUP}/remediation`;
/** On Jobs and pods that the operator creates: `repair` or `prove`. */
export const ROLE_LABEL = `${GROUP}/role`;

/** Standard label by which the operator finds its own objects. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'dnshealth-operator';
