/** What is known of the DNS pods, from a cluster or from saved files, before it is examined. */
import type { Case } from '../../diagnosis/case.ts';
import type { EvidenceLine, Missing } from '../../diagnosis/examination.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { ParsedNode } from './case-node.ts';
import type { Configz, StartTimes } from './kubelet-facts.ts';

export interface GatheredPod {
  /** Without siblings: those are chosen when all pods are known. */
  readonly facts: Case;
  readonly node?: ParsedNode;
  readonly configz?: Configz;
  readonly times?: StartTimes;
  /** Why the pod does not run, in the words of the scheduler or the kubelet. */
  readonly stuck?: string;
  /** What the prober of the operator says of a pod that could not be asked here and does not answer. A sentence. */
  readonly unanswered?: string;
  /** What the last check of the node says of the next pod there, if that may loop. Sentences. */
  readonly warning?: string;
  /** What was seen besides, for example events. */
  readonly notes: readonly EvidenceLine[];
  readonly missing: readonly Missing[];
}

export type OperatorKnowledge =
  | { readonly kind: 'not-installed' }
  /** It may be installed: what is in the cluster could not be read, or only files are known. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'installed';
      readonly policies: readonly Policy[];
      readonly remediations: readonly Remediation[];
    };

export interface Gathered {
  /** Those that were asked for. */
  readonly pods: readonly GatheredPod[];
  /** Others of the same workloads, to compare with. */
  readonly others: readonly GatheredPod[];
  readonly operator: OperatorKnowledge;
  /** Rights that the user does not have, in terms of RBAC: "get nodes/proxy". */
  readonly forbidden: readonly string[];
  /** Of an offline diagnosis: which file was taken for what. Empty for a cluster. */
  readonly files: readonly TakenFile[];
}

export interface TakenFile {
  readonly path: string;
  /** What it was taken for, in words; null if it was not used. */
  readonly as: string | null;
  /** Why it was not used. */
  readonly why?: string;
}
