/** Acknowledges ended incidents, all or none: each is tried on the API server before the first is written. */
import { ACKNOWLEDGED_ANNOTATION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import { allRecords, recordPath, type Selection, selectRecords } from '../asking/records.ts';
import { PluginError } from '../errors.ts';
import {
  didNotLast,
  endsWithAcknowledgement,
  needsAcknowledgement,
} from '../incident/needs-acknowledgement.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

export async function acknowledge(
  context: PluginContext,
  selection: Selection,
  dryRun: boolean,
): Promise<ExitCode> {
  const { kube } = await context.connect();
  const isMeant = (record: Remediation, all: readonly Remediation[]): boolean =>
    needsAcknowledgement(record) || (!record.acknowledged && didNotLast(record, all));
  const records = await selectRecords(kube, selection, isMeant, context.signal);
  if (records.length === 0) {
    context.out.line('Nothing has to be acknowledged.');
    return EXIT.well;
  }
  // Only what came after one that healed its node tells whether it lasted.
  const all = records.some(({ status }) => status.phase === 'Healed')
    ? await allRecords(kube, context.signal)
    : records;
  await askForEach(
    kube,
    records.map((record) => ({
      object: `dnsremediation/${record.name}`,
      what: whatItDoes(record),
      done: 'Acknowledged.',
      already: 'Was acknowledged before.',
      path: recordPath(record.name),
      role: 'dnshealth-approver',
      decide: (object) => {
        const now = parseRemediation(object);
        mustNeedIt(now, all);
        return now.acknowledged ? null : { metadata: { annotations: { [ACKNOWLEDGED_ANNOTATION]: 'true' } } };
      },
    })),
    context,
    dryRun,
  );
  return EXIT.well;
}

function mustNeedIt(record: Remediation, all: readonly Remediation[]): void {
  const { name, status } = record;
  if (endsWithAcknowledgement(record) || didNotLast(record, all)) return;
  throw new PluginError(
    FINAL_PHASES.includes(status.phase)
      ? `${name} ended as ${status.phase}, which nobody has to acknowledge`
      : `${name} is not over (${status.phase}), so there is nothing to acknowledge yet`,
  );
}

const whatItDoes = ({ spec, status }: Remediation): string =>
  status.phase === 'Healed'
    ? `Acknowledges that the repair of node ${spec.node.name} healed it and did not last.`
    : `Acknowledges that the repair of node ${spec.node.name} ended as ${status.phase}${status.reason === undefined ? '' : ` (${status.reason})`}.`;
