/** What to do now, and how to undo what was done: exact commands. */
import { podOf } from '../../../api/trigger.ts';
import { isOfFileAlone } from '../../../remediation/facts.ts';
import { endsWithAcknowledgement } from '../../incident/needs-acknowledgement.ts';
import { holdsChange, isHeld, shellWord } from '../facts.ts';
import { type Block, code, type Line, line, prose, type Section } from '../page.ts';
import { evidenceOf, isAcknowledged, type StoredRecord } from '../record.ts';

export const nextSteps = (record: StoredRecord): Section => ({
  title: 'What to do now, and how to undo it',
  blocks: [
    {
      kind: 'facts',
      facts: [
        { name: 'Owner', value: ['____________________'] },
        { name: 'Due', value: ['____________________'] },
      ],
    },
    { kind: 'list', items: itemsOf(record) },
    ...acknowledgement(record),
    ...undo(record),
  ],
});

function itemsOf(record: StoredRecord): readonly Line[] {
  const { status } = record;
  const items: Line[] = [];
  if (status.advice !== undefined) items.push(prose(status.advice));
  if (isHeld(record))
    items.push(
      line`The node is kept out of scheduling. It is released when the record is acknowledged, or after ${String(record.spec.settings.quarantine.maxSeconds)} s.`,
    );
  if (status.nextAttempt !== undefined)
    items.push(line`Nothing has to be done: the next attempt is due at ${status.nextAttempt}.`);
  if (status.recurrence.length > 0)
    items.push([
      'Paste the lines of the section before this one, or the next run of the installer may bring the fault back.',
    ]);
  const pods = evidenceOf(record)?.podsWithNodeDNS ?? [];
  const { otherPods } = status;
  if (otherPods) {
    if (otherPods.total !== 0) items.push(prose(otherPods.message));
  } else if (holdsChange(record) && pods.length > 0)
    items.push(
      line`Recreate the pods that still have the old resolv.conf: ${pods.flatMap((name, index) => [...(index > 0 ? [', '] : []), code(name)])}.`,
    );
  return items.length > 0 ? items : [['Nothing.']];
}

function acknowledgement(record: StoredRecord): readonly Block[] {
  const { name } = record.metadata;
  if (!endsWithAcknowledgement(record)) return [];
  const trigger = isOfFileAlone(record)
    ? 'the next inspection that finds the file wrong'
    : podOf(record.spec)
      ? 'the next crash'
      : 'the next check that finds the node wrong';
  if (isAcknowledged(record))
    return [{ kind: 'text', line: [`The record is acknowledged: ${trigger} starts a new repair.`] }];
  return [
    {
      kind: 'paste',
      caption: `When the cause is fixed, so that ${trigger} starts a new repair`,
      lines: [`kubectl dnshealth acknowledge ${shellWord(name)}`],
    },
  ];
}

function undo(record: StoredRecord): readonly Block[] {
  const { change } = record.status.repair ?? {};
  if (record.spec.trigger === 'Rollback') return takenInAgain(record);
  if (!change || !holdsChange(record))
    return [{ kind: 'text', line: ['There is nothing to undo on the node.'] }];
  const { path, backup, sha256After } = change;
  return [
    {
      kind: 'paste',
      caption: `To have the operator undo the change; ${consequence(record)}`,
      lines: [`kubectl dnshealth rollback ${shellWord(record.metadata.name)} --reason ${shellWord('why')}`],
    },
    {
      kind: 'paste',
      caption: 'Or by hand, as root on the node, if the file is still what the repair left',
      lines: [
        `echo ${shellWord(`${sha256After}  ${path}`)} | sha256sum --check`,
        `cat ${shellWord(backup)} > ${shellWord(path)}`,
        ...(isOfFileAlone(record) ? [] : ['systemctl restart kubelet']),
      ],
    },
  ];
}

/** The node is left alone until then. */
function takenInAgain({ spec, status }: StoredRecord): readonly Block[] {
  if (status.phase !== 'RolledBack') return [];
  const node = shellWord(spec.node.name);
  return [
    {
      kind: 'paste',
      caption: 'To let the operator repair the node again',
      lines: [
        `kubectl label node ${node} dnshealth.io/exclude-`,
        `kubectl annotate node ${node} dnshealth.io/exclude-reason-`,
      ],
    },
  ];
}

function consequence(record: StoredRecord): string {
  if (isOfFileAlone(record)) return 'DNS pods that are created after the next start of the kubelet will loop';
  return podOf(record.spec) ? 'the DNS pod will loop again' : 'the next DNS pod on the node will loop';
}
