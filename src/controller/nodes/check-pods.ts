/** The pods of node checks as the operator saw them: since when each is known by its own clock, and which are gone. */
import type { CheckOrigin } from '../../api/check-origin.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import type { Change, Store } from '../../runtime/reflector/store.ts';

export interface CheckPod extends AgentPod {
  readonly origin: CheckOrigin;
  /** When the operator first saw it, epoch milliseconds by its own clock, which may differ from the API server's. */
  readonly seenAt: number;
  /** The pod does not exist any more. What it left is known only if it had ended before. */
  readonly isGone: boolean;
}

export interface CheckPods {
  /** The newest one of the node with this uid. */
  of(nodeUID: string): CheckPod | undefined;
  list(): readonly CheckPod[];
  /** The pod is gone, and its result is recorded. */
  forget(nodeUID: string): void;
}

/**
 * A pod that someone deletes while it runs leaves no report, and without it the node would be due again at once. So it is
 * kept until that is recorded as a failed check.
 */
export function createCheckPods(agentPods: Pick<Store<AgentPod>, 'onChange'>, now: () => number): CheckPods {
  const newest = new Map<string, CheckPod>();

  agentPods.onChange(({ kind, object }: Change<AgentPod>) => {
    const { origin } = object;
    if (!origin) return;
    const known = newest.get(origin.node);
    const isSame = known?.uid === object.uid;
    // The end of an earlier pod, seen after the start of the next.
    if (kind === 'deleted' && !isSame) return;
    const seenAt = known && isSame ? known.seenAt : now();
    newest.set(origin.node, { ...object, origin, seenAt, isGone: kind === 'deleted' });
  });

  return {
    of: (nodeUID) => newest.get(nodeUID),
    list: () => [...newest.values()],
    forget: (nodeUID) => void newest.delete(nodeUID),
  };
}
