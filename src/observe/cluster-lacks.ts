/** What a cluster lacks of what the operator uses, and what that means. docs/kubernetes-versions.md explains each. */

export interface ClusterFacts {
  /** As in `GET /version`. */
  readonly major: string;
  /** As in `GET /version`: it may have a suffix, as in `30+`. */
  readonly minor: string;
  /** The plural names of the kinds of dnshealth.io/v1alpha1 that are served; null if the group is not. */
  readonly kinds: readonly string[] | null;
  /** Whether the API server accepts a write that only the admission policies forbid. */
  readonly isUnconfined: boolean;
}

interface Need {
  /** First minor of Kubernetes 1 that has it. */
  readonly minor: number;
  readonly lacks: string;
}

const APPARMOR: Need = {
  minor: 30,
  lacks:
    'the field appArmorProfile of pods, so on nodes with AppArmor no repair Job can ask systemd for a restart',
};
const UNCONFINED =
  'so answers to plans can be signed with any name and only RBAC limits the token of the operator';
const ADMISSION: Need = { minor: 30, lacks: `ValidatingAdmissionPolicy, ${UNCONFINED}` };
const READ_ONLY: Need = {
  minor: 31,
  lacks:
    'recursive read-only mounts, so a Job on a node could write mounts below /run and /var/lib/kubelet that it only reads',
};

/** @returns a clause each; empty if nothing is missing. A release that cannot be told lacks nothing that is known. */
export function clusterLacks({ major, minor, kinds, isUnconfined }: ClusterFacts): readonly string[] {
  const release = major === '1' ? Number.parseInt(minor, 10) : Number.NaN;
  const isOlder = (need: Need): boolean => release < need.minor;
  const crds = ['dnshealthpolicies', 'dnsremediations'].filter((kind) => !kinds?.includes(kind));
  const admission = isOlder(ADMISSION)
    ? [ADMISSION.lacks]
    : isUnconfined
      ? [`the admission policies of this installation, ${UNCONFINED}`]
      : [];
  return [
    ...crds.map((kind) => `the CRD ${kind}.dnshealth.io, without which nothing begins`),
    ...(isOlder(APPARMOR) ? [APPARMOR.lacks] : []),
    ...admission,
    ...(isOlder(READ_ONLY) ? [READ_ONLY.lacks] : []),
  ];
}
