/** The looping pod beside a healthy one, and beside what came after the repair: what differs is the cause. */
import type { Answer } from '../../../api/answer.ts';
import { podOf } from '../../../api/trigger.ts';
import { hasChanged } from '../facts.ts';
import { type Block, code, columns, type Line, NOT_RECORDED } from '../page.ts';
import { evidenceOf, type StoredRecord } from '../record.ts';

export function comparison(record: StoredRecord): Block {
  const { spec, status } = record;
  const found = evidenceOf(record);
  const sibling = found?.sibling;
  // A record of an older version names only the pod that was asked before the change.
  const beside = sibling ?? status.before;
  const pod = podOf(spec) ?? undefined;
  const { effective, target } = status.repair ?? {};
  const late = spec.trigger === 'LateLoop' ? spec.lateLoop : undefined;
  const drift = spec.trigger === 'Drift' ? spec.drift.check : undefined;
  const current = status.repair?.current ?? late?.check.resolvConf ?? drift?.resolvConf;
  const given = status.proof?.resolvConf;
  const own = found?.node;
  const hasAfter = given !== undefined || status.verification !== undefined || hasChanged(record);
  const shown = hasAfter ? 4 : 3;
  const row = (name: string, ...values: readonly (Line | undefined)[]): readonly Line[] => [
    [name],
    ...values.slice(0, shown - 1).map((value) => value ?? NOT_RECORDED),
  ];
  return {
    kind: 'table',
    caption: `${pod ? 'The looping pod' : 'A new pod on the node'}${hasAfter ? ', a healthy one, and what came after' : ', and a healthy one'}`,
    columns: columns(
      ...['What', pod ? 'Looping pod' : 'New pod', 'Healthy sibling', 'After the repair'].slice(0, shown),
    ),
    rows: [
      row(
        'Pod',
        pod ? [code(pod.name)] : ['the pod of the check'],
        beside ? [code(beside.pod)] : [found ? 'none served' : 'not recorded'],
        status.verification ? [code(status.verification.pod)] : given && ['the pod of the proof'],
      ),
      row(
        'Node',
        [code(spec.node.name)],
        beside && [code(beside.node)],
        status.verification ? [code(status.verification.node)] : given && [code(spec.node.name)],
      ),
      row(
        'resolvConf of the kubelet',
        effective && [code(effective.value || '""')],
        undefined,
        target && status.repair?.change ? [code(target.path)] : undefined,
      ),
      row(
        'Nameservers given to pods',
        current && serversOf(current.nameservers),
        undefined,
        given && serversOf(given.nameservers),
      ),
      row(
        'External names',
        spec.trigger === 'Crash' ? ['crashed before it answered'] : late && [answersIn(late.answers)],
        answersOf(record, beside?.pod),
        status.verification && [answersIn(status.verification.answers)],
      ),
      row('Kubelet', own && [own.kubeletVersion], sibling && [sibling.kubeletVersion], own && ['the same']),
      row('Operating system', own && [own.osImage], sibling && [sibling.osImage], own && ['the same']),
    ].filter(([, ...values]) => values.some((value) => value !== NOT_RECORDED)),
  };
}

/** Of a healthy pod before the change, if it is the one that was asked. */
function answersOf({ spec, status }: StoredRecord, pod: string | undefined): Line | undefined {
  const late = spec.trigger === 'LateLoop' ? spec.lateLoop.siblings : [];
  const asked = [...late, ...(status.before ? [status.before] : [])].find((one) => one.pod === pod);
  return asked && [answersIn(asked.answers)];
}

function answersIn(answers: readonly Answer[]): string {
  const external = answers.filter(({ scope }) => scope === 'External');
  if (external.length === 0) return 'not asked';
  const answered = external.filter(({ ok }) => ok).length;
  return `${answered} of ${external.length} answered`;
}

export const serversOf = (servers: readonly string[]): Line =>
  servers.length === 0 ? ['no nameserver'] : [code(servers.join(', '))];
