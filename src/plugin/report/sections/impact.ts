/** The impact: what is known of it, and what a record cannot know. */
import { beganAt, podOf } from '../../../api/trigger.ts';
import { isOfFileAlone } from '../../../remediation/facts.ts';
import {
  answersSince,
  dnsPodsAtClaim,
  duration,
  kubeletBackAt,
  plural,
  secondsBetween,
  stepEnd,
} from '../facts.ts';
import { code, type Line, line, NOT_RECORDED, type Section } from '../page.ts';
import { evidenceOf, type StoredRecord } from '../record.ts';

export const impact = (record: StoredRecord): Section => ({
  title: 'Impact',
  blocks: [
    {
      kind: 'facts',
      facts: [
        { name: 'Cluster DNS', value: clusterDNS(record) },
        ...(podOf(record.spec) ? [{ name: 'The looping pod', value: loopingPod(record) }] : []),
        { name: 'Other pods on the node', value: otherPods(record) },
        { name: 'Scheduling', value: scheduling(record) },
        { name: 'Kubelet', value: kubelet(record) },
        ...notKnown(record),
      ],
    },
  ],
});

function notKnown({
  spec,
  status,
}: StoredRecord): readonly { readonly name: string; readonly value: Line }[] {
  const value = [
    ...(podOf(spec) ? ['How many queries failed in the meantime, and which applications noticed.'] : []),
    ...(status.otherPods?.total === undefined && !isOfFileAlone({ spec })
      ? [
          'Pods in namespaces other than kube-system that use the resolv.conf of the node (dnsPolicy Default).',
        ]
      : []),
  ].join(' ');
  return value === '' ? [] : [{ name: 'Not known', value: [value] }];
}

function clusterDNS(record: StoredRecord): Line {
  const pods = dnsPodsAtClaim(record);
  if (!pods) return NOT_RECORDED;
  const { serving, total } = pods;
  if (!podOf(record.spec))
    return line`${String(serving)} of ${plural(total, 'DNS pod')} ${serving === 1 ? 'was' : 'were'} Ready when the node was found wrong. None had failed because of it: ${isOfFileAlone(record) ? 'a DNS pod that is created after the next start of the kubelet' : 'the next DNS pod on the node'} would have.`;
  if (serving === 0)
    return line`None of ${plural(total, 'DNS pod')} was Ready when the incident was recorded: the cluster had no DNS.`;
  const names = evidenceOf(record)?.dnsPods.filter(({ ready }) => ready) ?? [];
  return line`${plural(serving, 'other DNS pod')} of ${String(total)} ${serving === 1 ? 'was' : 'were'} Ready when the incident was recorded: ${listed(names.map(({ name, node }) => line`${code(name)} on ${code(node)}`))}. A Service may still have sent queries to the looping pod while it was Ready between two crashes.`;
}

function loopingPod(record: StoredRecord): Line {
  const seconds = secondsBetween(beganAt(record.spec), answersSince(record));
  const { verification } = record.status;
  if (seconds === undefined || !verification) return line`No pod in its place was seen answering.`;
  return line`Did not answer for ${duration(seconds)}, until ${code(verification.pod)} on ${code(verification.node)} did.`;
}

function otherPods(record: StoredRecord): Line {
  if (isOfFileAlone(record)) return ['None is affected: the running kubelet has not read the file.'];
  const { total, pods: found = [] } = record.status.otherPods ?? {};
  if (total === 0) return ['No other pod got the same resolv.conf.'];
  if (total !== undefined) {
    const names = found.map(({ namespace, name, owner }) =>
      owner === undefined ? [code(`${namespace}/${name}`)] : line`${code(`${namespace}/${name}`)} (${owner})`,
    );
    const more = total > found.length ? ` and ${total - found.length} more` : '';
    return line`Keep the resolv.conf of before until they are recreated: ${listed(names)}${more}.`;
  }
  const pods = evidenceOf(record)?.podsWithNodeDNS;
  if (!pods) return NOT_RECORDED;
  if (pods.length === 0) return ['No other pod in kube-system got the same resolv.conf.'];
  return line`Got the same resolv.conf, and keep it until they are recreated: ${listed(pods.map((name) => [code(name)]))}.`;
}

function scheduling(record: StoredRecord): Line {
  const { quarantine } = record.status;
  const from = stepEnd(record, 'Quarantine');
  if (!quarantine || from === undefined) return ['The node was never taken out of scheduling.'];
  const seconds = secondsBetween(from, stepEnd(record, 'Release'));
  const before = quarantine.nodeWasUnschedulable ? ' It had been cordoned before, and still is.' : '';
  return seconds === undefined
    ? ['New pods are kept off the node, or were until after the end. Running pods stayed.']
    : [`New pods were kept off the node for ${duration(seconds)}. Running pods stayed.${before}`];
}

function kubelet(record: StoredRecord): Line {
  const { repair } = record.status;
  if (!repair?.kubelet || repair.kubelet.restarts === 0) return ['It was not restarted.'];
  const seconds = secondsBetween(Date.parse(repair.times.written ?? ''), kubeletBackAt(record));
  const away =
    seconds === undefined || Number.isNaN(seconds)
      ? ''
      : ` It served again ${duration(seconds)} after the change.`;
  return [
    `It was restarted ${repair.kubelet.restarts === 1 ? 'once' : plural(repair.kubelet.restarts, 'time')}.${away} Running containers stayed; pods with a readiness probe may have been unready until their next probe.`,
  ];
}

const listed = (items: readonly Line[]): Line =>
  items.flatMap((item, index) => [...(index > 0 ? [', '] : []), ...item]);
