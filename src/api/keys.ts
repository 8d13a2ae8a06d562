/** Names in the API: group, labels, annotations, taint and namespaces. */

export const GROUP = 'dnshealth.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Where CoreDNS runs. Not a policy field: a policy must not make the operator delete pods elsewhere. */
export const DNS_NAMESPACE = 'kube-system';
/** What DNS pods and their Services are labelled with, besides an owner that a policy names. */
export const DNS_APP_LABEL = 'k8s-app';
/**
 * kubeadm and kubespray, the Helm chart of CoreDNS, and the node-local caches of Kubernetes and of kubespray.
 */
export const DNS_APPS = ['kube-dns', 'coredns', 'node-local-dns', 'nodelocaldns'] as const;
export const NAME_LABEL = 'app.kubernetes.io/name';
export const DNS_NAME = 'coredns';
/** A selector has no "or", and no object matches both. */
export const DNS_SELECTORS = [
  `${DNS_APP_LABEL} in (${DNS_APPS.join(',')})`,
  `${NAME_LABEL}=${DNS_NAME},${DNS_APP_LABEL} notin (${DNS_APPS.join(',')})`,
] as const;
/** The same in a sentence. */
export const DNS_LABELS_TEXT = `${DNS_APPS.map((app) => `${DNS_APP_LABEL}=${app}`).join(', ')} or ${NAME_LABEL}=${DNS_NAME}`;

/** Where config/default installs the operator. Outside a cluster its Lease is used too, so that only one leads. */
export const OPERATOR_NAMESPACE = 'dnshealth-system';
/** Its holder leads, and renews it every few seconds. */
export const OPERATOR_LEASE = 'dnshealth-operator';
/** Of its pods. */
export const OPERATOR_DEPLOYMENT = 'dnshealth-operator';

/** The only namespace in which pods that mount node directories are created. Its Pod Security level is privileged. */
export const NODE_NAMESPACE = 'dnshealth-node';
/** Where checks run, the proof after a repair included. Its Pod Security level is restricted. */
export const CHECK_NAMESPACE = 'dnshealth-check';
/** The service account of checks there. It has no permissions. */
export const CHECK_SERVICE_ACCOUNT = 'dnshealth-check';

/** Taint of a quarantined node if the policy's strategy is Taint. */
export const QUARANTINE_TAINT_KEY = `${GROUP}/quarantine`;
/**
 * A JSON `QuarantineRecord`, written in the same patch as the cordon or taint. It shows which remediation holds the
 * node and how to release it, even after every other object was deleted.
 */
export const QUARANTINE_ANNOTATION = `${GROUP}/quarantine`;
/** On a quarantined node: the DNSRemediation that holds it, for `kubectl get nodes -L`. The annotation is the record. */
export const QUARANTINED_BY_LABEL = `${GROUP}/quarantined-by`;
/** On a node: a JSON `NodeCheckRecord`, written with the condition `dnshealth.io/ResolverConfigured`. */
export const CHECK_ANNOTATION = `${GROUP}/resolver-check`;
/** A node with this label set to "true" is never quarantined or repaired. */
export const EXCLUDE_LABEL = `${GROUP}/exclude`;
/** Beside that label, where the operator set it itself after a rollback: why. */
export const EXCLUDE_REASON_ANNOTATION = `${GROUP}/exclude-reason`;
/** Of control-plane nodes: of kubeadm and kubespray, and of clusters from before Kubernetes 1.20. */
export const CONTROL_PLANE_LABELS = [
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
] as const;
/** Set to "true" on an ended DNSRemediation by an administrator: it halts no repairs any more, and its pod may make a new incident. */
export const ACKNOWLEDGED_ANNOTATION = `${GROUP}/acknowledged`;

/**
 * A person's answer to a plan, on its DNSRemediation: the hash of the approved plan, or the reason for a rejection, each
 * with the user. Admission compares the user with whoever sends the request (`config/admission`).
 */
export const APPROVED_ANNOTATION = `${GROUP}/approved`;
export const APPROVED_BY_ANNOTATION = `${GROUP}/approved-by`;
export const REJECTED_ANNOTATION = `${GROUP}/rejected`;
export const REJECTED_BY_ANNOTATION = `${GROUP}/rejected-by`;
/** On a DNSRemediation that changed its node: why its change should be undone, and who asks for it. Admission compares as well. */
export const ROLLBACK_ANNOTATION = `${GROUP}/rollback`;
export const ROLLBACK_BY_ANNOTATION = `${GROUP}/rollback-by`;
/** On a DNSHealthPolicy: a JSON array of `{ node, by, at }`, one for each plan that someone wants. The operator takes out what it has answered. */
export const PLAN_REQUESTS_ANNOTATION = `${GROUP}/plan-requests`;
/**
 * On the namespace of the operator: a reason for which no policy begins anything, and who set it. For three in the morning:
 * `kubectl annotate namespace dnshealth-system dnshealth.io/pause="..."`.
 */
export const PAUSE_ALL_ANNOTATION = `${GROUP}/pause`;
export const PAUSE_ALL_BY_ANNOTATION = `${GROUP}/pause-by`;

/** On Jobs and pods that the operator creates for an incident: the name of its DNSRemediation. */
export const REMEDIATION_LABEL = `${GROUP}/remediation`;
/** On Jobs and pods that the operator creates: `repair`, `rollback`, `check` or `inspect`. */
export const ROLE_LABEL = `${GROUP}/role`;

/** On the pod of a node's check: a JSON `CheckOrigin`. */
export const CHECK_ORIGIN_ANNOTATION = `${GROUP}/check`;
/** On the Job of an inspection and its pod: a JSON `InspectionOrigin`. */
export const INSPECTION_ANNOTATION = `${GROUP}/inspection`;
/** On the pods of node checks: they are removed by it, a batch at a time. */
export const CHECK_BATCH_LABEL = `${GROUP}/batch`;

/** Standard label by which the operator selects its own objects. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'dnshealth-operator';
