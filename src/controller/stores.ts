/** The caches that the controllers read. The remediation and the node of a decision are read live instead. */
import { OPERATOR_NAMESPACE } from '../api/keys.ts';
import type { AgentJob, AgentPod } from '../observe/agent-run.ts';
import type { Policy } from '../observe/custom-resources.ts';
import type { DnsPod } from '../observe/dns-pod.ts';
import type { KubeletStart } from '../observe/kubelet-start.ts';
import type { NodeMark } from '../observe/node-mark.ts';
import type { OwnNamespace } from '../observe/own-namespace.ts';
import type { WatchedNode } from '../observe/watched-node.ts';
import type { PauseOfAll, Remediation } from '../remediation/world.ts';
import type { Store } from '../runtime/reflector/store.ts';

export interface Stores {
  /** Keys: name. */
  readonly policies: Store<Policy>;
  /** Keys: name. */
  readonly remediations: Store<Remediation>;
  /** Keys: namespace/name. */
  readonly dnsPods: Store<DnsPod>;
  /** Keys: namespace/name. */
  readonly jobs: Store<AgentJob>;
  /** Keys: namespace/name. */
  readonly agentPods: Store<AgentPod>;
  /** All nodes. Keys: name. */
  readonly nodes: Store<WatchedNode>;
  /** Starts of kubelets within the time that events are kept, an hour by default. Keys: namespace/name of the event. */
  readonly kubeletStarts: Store<KubeletStart>;
  /** Nodes that carry a quarantine record or the exclude label. Keys: name. */
  readonly nodeMarks: Store<NodeMark>;
  /** The namespace of the operator alone. Key: its name. */
  readonly ownNamespace: Store<OwnNamespace>;
}

/** What pauses all policies; null: nothing does. */
export const pauseOfAll = ({ ownNamespace }: Pick<Stores, 'ownNamespace'>): PauseOfAll | null =>
  ownNamespace.get(OPERATOR_NAMESPACE)?.pause ?? null;
