/** A pod that answers for the cluster and not for external names: is its node worth a check, and does that prove a loop? */
import type { ResolvConfClass } from '../api/agent-report.ts';
import type { Case, CaseAnswer } from '../diagnosis/case.ts';
import { asksOnlyTheNodesServers } from '../diagnosis/causes/kubelet-resolv-conf.ts';
import { viewCorefile } from '../diagnosis/exam/corefile-view.ts';
import { examine } from '../diagnosis/examine.ts';
import { POD_RESOLV_CONF } from '../diagnosis/root-forward.ts';

/** With one of these files, every query of the pod comes back to it. With a mixed one it depends on the resolver's mood. */
const LEADS_BACK: readonly ResolvConfClass[] = ['stub', 'loopback'];

/**
 * The pod asks the servers of its node, and either no loop plugin would have reported that they are the pod itself, or the
 * upstream answers its siblings. Otherwise a check would show nothing that could be acted on.
 */
export function isWorthACheck(facts: Case): boolean {
  return asksTheNode(facts) && (!isWatchedByPlugin(facts) || siblingsAnswer(facts));
}

/** The gate before a claim. Every condition must have been seen, as after a crash. */
export function provesLateLoop(facts: Case, given: { readonly class: ResolvConfClass }): boolean {
  return (
    asksTheNode(facts) &&
    !isWatchedByPlugin(facts) &&
    answersOnlyForTheCluster(facts.answers ?? []) &&
    LEADS_BACK.includes(given.class)
  );
}

/** All but the check speaks for it: what a policy that only observes is told. */
export const isProbablyLateLoop = (facts: Case): boolean =>
  siblingsAnswer(facts) && provesLateLoop(facts, { class: 'stub' });

export interface LateFinding {
  /** One of `Cause`, or NoExternalAnswer where nothing explains it. */
  readonly cause: string;
  readonly message: string;
  readonly advice: string;
}

/**
 * What to report of a pod whose siblings answer, or that was found to loop.
 *
 * @returns null if the reason may as well lie beyond the pods, where nothing can be said about this one
 */
export function explain(facts: Case, isProven: boolean): LateFinding | null {
  const { findings } = examine(facts);
  const late = findings.find(({ cause }) => cause === 'LateLoop');
  const finding = isProven ? late : findings[0];
  // Timeouts of an upstream that is down for all look like signs of a loop; only what was seen to hold is reported then.
  const isTrusted = siblingsAnswer(facts) || finding?.confidence === 'high';
  if (finding && (isProven || isTrusted))
    return { cause: finding.cause, message: finding.summary, advice: finding.remedy };
  if (!siblingsAnswer(facts)) return null;
  const { name = 'the pod', node = 'its node' } = facts.pod ?? {};
  const given = facts.newPodResolvConf?.text.match(/^nameserver\s+\S+/gm)?.join(', ');
  return {
    cause: 'NoExternalAnswer',
    message: `${name} on ${node} answers for the cluster, but not for external names, which other DNS pods resolve.${given === undefined ? '' : ` A new pod on ${node} is given: ${given}.`}`,
    advice: `Delete the pod: \`kubectl -n kube-system delete pod ${name}\`. If the new one fails as well, look for what keeps the pods of ${node} from reaching the upstream resolvers: \`kubectl dnshealth diagnose --node ${node}\`.`,
  };
}

function asksTheNode(facts: Case): boolean {
  const corefile = viewCorefile(facts);
  if (!facts.pod || corefile.kind !== 'read' || !corefile.root) return false;
  // Stricter than after a crash, whose log names the server: another upstream beside the file may be the one that fails.
  const isOnlyTheFile = corefile.root.targets.every((target) => target === POD_RESOLV_CONF);
  return isOnlyTheFile && asksOnlyTheNodesServers(corefile.root, facts.pod);
}

/** Also where that cannot be seen, because the Corefile or a part of it is not known. */
function isWatchedByPlugin(facts: Case): boolean {
  const corefile = viewCorefile(facts);
  if (corefile.kind !== 'read' || corefile.hasLoop) return true;
  const { blocks, imports } = corefile.parsed;
  return imports.length > 0 || blocks.some((block) => block.imports.length > 0);
}

const siblingsAnswer = ({ siblings }: Pick<Case, 'siblings'>): boolean =>
  siblings.some(({ answers = [] }) => answers.some(({ scope, ok }) => scope === 'External' && ok));

function answersOnlyForTheCluster(answers: readonly CaseAnswer[]): boolean {
  const of = (wanted: CaseAnswer['scope']) => answers.filter(({ scope }) => scope === wanted);
  const external = of('External');
  return of('Cluster').some(({ ok }) => ok) && external.length > 0 && external.every(({ ok }) => !ok);
}
