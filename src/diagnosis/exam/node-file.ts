/** What the causes in the node's file share: whether it is in use, and how a finding about it is written. */
import type { EvidenceLine, Finding, Repair } from '../examination.ts';
import { managedPlatform } from '../managed-platform.ts';
import { afterwards } from './commands.ts';
import type { ExamFacts, GradedText } from './exam-facts.ts';

/** The log alone shows that the pod asks itself through the resolv.conf that it was given. */
export const loopsByLog = ({ loop }: ExamFacts): boolean => loop?.diagnosis.cause === 'KubeletResolvConf';

/** A pod that is given this asks itself, always or now and then. */
export const leadsBack = ({ class: cls }: GradedText): boolean =>
  cls === 'stub' || cls === 'loopback' || cls === 'mixed-loopback';

/** The loop is within the pod or of an old release, and what would exclude the node is not known. */
export const mayBeTheNode = ({ loop, truncatedLoop, corefile }: ExamFacts): boolean =>
  truncatedLoop !== undefined ||
  loop?.facts.origin === 'unnamed' ||
  (loop?.facts.origin === 'loopback' && corefile.kind !== 'read');

/** Why the nameservers of the node do not reach this pod, in a sentence; null if they do. */
export function bypassesNode({ case: { pod }, takesNodeFile }: ExamFacts): string | null {
  if (takesNodeFile || !pod) return null;
  if (pod.hostNetwork) return 'The pod runs in the host network, where a loopback address is the node.';
  return pod.dnsPolicy === 'Default'
    ? 'The pod template adds nameservers of its own (dnsConfig).'
    : `The pod template sets dnsPolicy: ${pod.dnsPolicy}, so that the pod is not given the nameservers of the node.`;
}

/** Whether the Corefile sends queries to the pod's resolv.conf; undefined if that is not known. */
export function corefileUsesFile({ corefile }: ExamFacts): boolean | undefined {
  if (corefile.kind !== 'read') return undefined;
  return corefile.root?.usesPodResolvConf ?? false;
}

/** Ends a summary: what the file means for this pod. */
export function consequence(facts: ExamFacts): string {
  const { names, loop, late } = facts;
  if (corefileUsesFile(facts) === false)
    return 'The Corefile does not use that file now, but a DNS pod that does will loop there';
  if (loop || late.asked || late.onlyCluster) return `CoreDNS in ${names.pod} therefore asks itself`;
  return `The next DNS pod that is created on ${names.node} will loop`;
}

/** High only where the file was seen and is in use. */
export function confidenceIn(facts: ExamFacts, file: GradedText | undefined): Finding['confidence'] {
  if (!file) return 'medium';
  return corefileUsesFile(facts) === false ? 'medium' : 'high';
}

export function evidenceOf(facts: ExamFacts, ...files: readonly (GradedText | undefined)[]): EvidenceLine[] {
  const { loop, kubelet, corefile, names } = facts;
  const lines: EvidenceLine[] = [];
  if (loop) lines.push({ source: `log of ${names.pod}`, text: loop.diagnosis.sighting.line });
  for (const file of new Set(files))
    if (file)
      lines.push({ source: file.source, text: file.nameservers.map((ip) => `nameserver ${ip}`).join(', ') });
  if (kubelet.value !== undefined)
    lines.push({ source: kubelet.source, text: `resolvConf: ${kubelet.value || '""'}` });
  if (corefile.kind === 'read' && corefile.root)
    lines.push({ source: corefile.source, text: `forward . ${corefile.root.targets.join(' ')}` });
  return lines.filter(({ text }) => text !== '');
}

/** The operator begins with a crash that only the node explains, or with a late loop that a check confirms. */
export function operatorRepairs(facts: ExamFacts, condition?: string): Repair {
  const { loop, crash, late } = facts;
  if (platformAdvice(facts) !== undefined || !facts.takesNodeFile) return { by: 'person' };
  if (loop && loop.diagnosis.remedy.kind !== 'repair') return { by: 'person' };
  const begins = loop || late.onlyCluster ? [] : ['once a DNS pod on the node loops'];
  const conditions = [...(condition === undefined ? [] : [condition]), ...(crash ? [] : begins)];
  return conditions.length === 0 ? { by: 'operator' } : { by: 'operator', condition: conditions.join('; ') };
}

/** On a managed node, what to change instead of the file. */
export function platformAdvice({ case: { node } }: ExamFacts): string | undefined {
  return node && managedPlatform(node)?.advice;
}

/** The remedy and the commands of a node that its platform configures. */
export function onPlatform(facts: ExamFacts): Pick<Finding, 'remedy' | 'commands'> | undefined {
  const advice = platformAdvice(facts);
  return advice === undefined
    ? undefined
    : { remedy: advice, commands: { fix: [`# ${advice}`], check: afterwards(facts.names) } };
}
