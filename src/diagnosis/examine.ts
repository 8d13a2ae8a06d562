/** From everything that is known of a DNS pod to the causes of its trouble, with evidence, remedy and commands. */
import type { Case } from './case.ts';
import { clusterDnsInResolvConfExam } from './causes/cluster-dns-in-resolv-conf.ts';
import { corefileForwardsToItselfExam } from './causes/corefile-forwards-to-itself.ts';
import { emptyResolvConfExam } from './causes/empty-resolv-conf.ts';
import { falseLoopExam } from './causes/false-loop.ts';
import { flagOverridesFileExam } from './causes/flag-overrides-file.ts';
import { hostNetworkLoopExam } from './causes/host-network-loop.ts';
import { kubeletResolvConfExam } from './causes/kubelet-resolv-conf.ts';
import { lateLoopExam } from './causes/late-loop.ts';
import { localResolverExam } from './causes/local-resolver.ts';
import { mixedResolvConfExam } from './causes/mixed-resolv-conf.ts';
import { networkPluginLoopExam } from './causes/network-plugin-loop.ts';
import { nodeLocalLoopExam } from './causes/node-local-loop.ts';
import { podDnsConfigExam } from './causes/pod-dns-config.ts';
import { resolvedAsksClusterDnsExam } from './causes/resolved-asks-cluster-dns.ts';
import { runtimeCopiesHostFileExam } from './causes/runtime-copies-host-file.ts';
import { selfAddressLoopExam } from './causes/self-address-loop.ts';
import { staleSandboxExam } from './causes/stale-sandbox.ts';
import { stubDomainLoopExam } from './causes/stub-domain-loop.ts';
import { unknownLoopExam } from './causes/unknown-loop.ts';
import { uplinkWithoutServersExam } from './causes/uplink-without-servers.ts';
import { upstreamLoopExam } from './causes/upstream-loop.ts';
import { diagnose } from './diagnose.ts';
import { crashFinding } from './exam/crash-finding.ts';
import { type ExamFacts, examFacts } from './exam/exam-facts.ts';
import type { ExamRule, Verdict } from './exam/exam-rule.ts';
import { missing } from './exam/missing.ts';
import type { EvidenceLine, Examination, Finding, Missing } from './examination.ts';

/** Outside the node: each that is found counts. */
const OUTSIDE: readonly ExamRule[] = [
  falseLoopExam,
  nodeLocalLoopExam,
  networkPluginLoopExam,
  stubDomainLoopExam,
  corefileForwardsToItselfExam,
  hostNetworkLoopExam,
  podDnsConfigExam,
  selfAddressLoopExam,
  upstreamLoopExam,
];

/** What makes the file of the node wrong for this pod. The first that is found explains it; the special come first. */
const IN_THE_FILE: readonly ExamRule[] = [
  staleSandboxExam,
  flagOverridesFileExam,
  emptyResolvConfExam,
  runtimeCopiesHostFileExam,
  resolvedAsksClusterDnsExam,
  clusterDnsInResolvConfExam,
  mixedResolvConfExam,
  localResolverExam,
  kubeletResolvConfExam,
];

/** They come beside another cause: what stands in the way of its repair, and why no crash tells of it. */
const BESIDE: readonly ExamRule[] = [uplinkWithoutServersExam, lateLoopExam];

interface Judged {
  readonly rule: ExamRule;
  readonly verdict: Verdict;
}

export function examine(given: Case): Examination {
  const facts = examFacts(given, diagnose);
  const judge = (rule: ExamRule): Judged => ({ rule, verdict: rule.judge(facts) });
  const file = IN_THE_FILE.map(judge);
  const first = file.findIndex(({ verdict }) => verdict.kind === 'found');
  const inTheFile = file.filter(({ verdict }, index) => verdict.kind !== 'found' || index === first);
  const known = [...OUTSIDE.map(judge), ...inTheFile, ...BESIDE.map(judge)];
  const isLoop = facts.loop !== undefined || facts.truncatedLoop !== undefined;
  const isExplained = known.some(
    ({ rule, verdict }) =>
      verdict.kind === 'found' && (rule.cause !== 'UplinkWithoutServers' || facts.uplink === undefined),
  );
  const judged = isLoop && !isExplained ? [...known, judge(unknownLoopExam)] : known;

  const crash = crashFinding(facts);
  const findings = [...judged.flatMap(findingsOf), ...(crash ? [crash] : [])].sort(byConfidence);
  return {
    findings,
    // Of a pod that is well, nothing has to be ruled out.
    ruledOut: findings.length === 0 ? [] : judged.flatMap(ruledOutOf),
    missing: missingIn(facts, judged, findings),
  };
}

const findingsOf = ({ rule: { cause }, verdict }: Judged): readonly Finding[] =>
  verdict.kind === 'found' ? [{ cause, ...verdict.finding, evidence: unique(verdict.finding.evidence) }] : [];

/** One file may be both what the pod was given and what a new pod would be given. */
const unique = (lines: readonly EvidenceLine[]): readonly EvidenceLine[] =>
  lines.filter(
    ({ source, text }, index) =>
      lines.findIndex((other) => other.source === source && other.text === text) === index,
  );

const ruledOutOf = ({ rule: { cause }, verdict }: Judged): Examination['ruledOut'] =>
  verdict.kind === 'ruled-out' ? [{ cause, why: verdict.why }] : [];

const RANK: Readonly<Record<Finding['confidence'], number>> = { high: 0, medium: 1, low: 2 };
const byConfidence = (a: Finding, b: Finding): number => RANK[a.confidence] - RANK[b.confidence];

/** What the findings themselves lack; what would decide the open causes counts only while nothing is certain. */
function missingIn(
  facts: ExamFacts,
  judged: readonly Judged[],
  findings: readonly Finding[],
): readonly Missing[] {
  const isCertain = findings.some(({ confidence }) => confidence === 'high');
  const all = [
    ...basicsMissing(facts),
    ...judged.flatMap(({ verdict }) => (verdict.kind === 'found' ? (verdict.missing ?? []) : [])),
    ...judged.flatMap(({ verdict }) => (verdict.kind === 'open' && !isCertain ? verdict.missing : [])),
  ];
  return all.filter((one, index) => all.findIndex(({ what }) => what === one.what) === index);
}

function basicsMissing({ case: { pod, log, corefile, siblings }, names }: ExamFacts): readonly Missing[] {
  return [
    ...(pod ? [] : [missing('pod', names)]),
    ...(log === undefined && pod?.container?.death ? [missing('log', names)] : []),
    ...(corefile ? [] : [missing('corefile', names)]),
    ...(pod && siblings.length === 0 ? [missing('siblings', names)] : []),
  ];
}
