/** The two programs that can check a node, and what they have in common. */
import type { PodSpec } from '../../effects/node-pod.ts';
import type { PodState } from './pod-state.ts';
import type { NotChecked, Verdict } from './result.ts';

export type Program = 'agent' | 'coredns';

export interface CheckedNode {
  readonly name: string;
  /** Internal and external IP addresses. */
  readonly addresses: readonly string[];
}

/** What a pod has shown; null: nothing yet. */
export type Shown = Verdict | NotChecked | null;

/** A pod without a name and labels, which those that create it know. */
export interface PodTemplate {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

export interface Probe {
  readonly program: Program;
  readonly image: string;
  pod(node: CheckedNode): PodTemplate;
  /** @param log reads the container's log */
  read(state: PodState & { kind: 'running' | 'ended' }, log: () => Promise<string>): Promise<Shown>;
}
