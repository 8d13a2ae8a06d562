/** The appendix: the policy, the versions, and the record, from which the page can be made again. */
import { corednsVersionOf } from '../../../api/trigger.ts';
import { code, type Line, NOT_RECORDED, type Section } from '../page.ts';
import { evidenceOf, type StoredRecord } from '../record.ts';
import { recordJson } from '../record-json.ts';

export function appendix(record: StoredRecord, shortened: boolean): Section {
  const { metadata, spec } = record;
  const evidence = evidenceOf(record);
  const known = (text: string | undefined): Line =>
    text === undefined || text === '' ? NOT_RECORDED : [code(text)];
  return {
    title: 'Appendix',
    blocks: [
      {
        kind: 'facts',
        facts: [
          {
            name: 'Record',
            value: [`DNSRemediation ${metadata.name}, created at ${metadata.creationTimestamp}`],
          },
          { name: 'Policy', value: [code(spec.policy.name)] },
          { name: 'Kubelet', value: known(evidence?.node.kubeletVersion) },
          { name: 'Operating system', value: known(evidence?.node.osImage) },
          { name: 'Kernel', value: known(evidence?.node.kernelVersion) },
          { name: 'Container runtime', value: known(evidence?.node.containerRuntimeVersion) },
          { name: 'Boot ID', value: known(evidence?.node.bootID) },
          { name: 'CoreDNS', value: known(corednsVersionOf(spec)) },
          { name: 'CoreDNS image', value: known(evidence?.pod?.image) },
          { name: 'Operator image', value: known(evidence?.operatorImage) },
          { name: 'Evidence taken at', value: known(evidence?.takenAt) },
        ],
      },
      {
        kind: 'text-file',
        caption: 'Settings of the policy when the incident was recorded',
        lines: settingsOf(spec.settings),
      },
      {
        kind: 'record',
        caption: shortened ? 'The record as JSON, with long texts and lists cut' : 'The record as JSON',
        json: recordJson(record),
      },
    ],
  };
}

/** `workload.kind: Deployment`, one line for each setting. */
const settingsOf = (settings: object): readonly string[] =>
  Object.entries(settings).flatMap(([section, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([name, inner]) => `${section}.${name}: ${JSON.stringify(inner)}`)
      : [`${section}: ${JSON.stringify(value)}`],
  );
