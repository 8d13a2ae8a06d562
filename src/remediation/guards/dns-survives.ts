/**
 * DNS is served from another node, or from none.
 *
 * A kubelet restart makes every probed pod of the node unready until its next probe (kubelets before 1.35),
 * so a node with the last serving DNS pod waits. If no DNS pod serves at all, there is nothing to lose.
 */
import { RECHECK_MS } from '../deadlines.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { DnsPodView, Situation } from '../world.ts';

export function dnsSurvives({ world }: Situation): Verdict {
  const serving = world.dnsPods.filter(serves);
  if (serving.length === 0 || serving.some((pod) => pod.node !== world.node?.name)) return pass;
  return wait(
    'LastServingPod',
    'The only serving DNS pods run on this node, and restarting its kubelet would make them unready.',
    RECHECK_MS,
  );
}

const serves = (pod: DnsPodView): boolean => pod.ready && !pod.deleting && pod.runningSince !== null;
