/** A status as text for people: a table for each kind of thing, and a paragraph for each thing that needs reading. */
import type { Incident } from '../incident/incident.ts';
import { shortDuration } from '../terminal/durations.ts';
import { type Column, table } from '../terminal/table.ts';
import type { Status } from './read-status.ts';
import { conditions } from './show-conditions.ts';
import { showIncident } from './show-incident.ts';
import { showNodes } from './show-nodes.ts';
import { showPauses } from './show-pauses.ts';
import { totals } from './show-totals.ts';
import { ago, type View } from './view.ts';

export function showStatus(status: Status, view: View): string {
  const { running, waiting, awaitApproval, needAttention } = status.incidents;
  const sections: readonly string[] = [
    operator(status, view),
    table(policyColumns(view), status.policies, view) + conditions(status, view) + totals(status),
    titled('Paused', showPauses(status, view), view),
    titled('Prober', prober(status, view), view),
    titled('DNS pods', status.dnsPods.length > 0 ? table(podColumns(view), status.dnsPods, view) : '', view),
    titled('Nodes', nodes(status, view), view),
    titled('Running', running.map((one) => showIncident(one, view)).join(''), view),
    titled('Waiting', waiting.map((one) => showIncident(one, view)).join(''), view),
    titled(
      'Waiting for your approval',
      awaitApproval.map((one) => showIncident(one, view) + answer(one)).join(''),
      view,
    ),
    titled(
      'Needs you',
      needAttention.map((one) => showIncident(one, view) + acknowledge(one)).join(''),
      view,
    ),
    titled('Observed', observations(status, view), view),
    status.notShown.map((sentence) => `${sentence}\n`).join(''),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

const titled = (title: string, text: string, { paint }: View): string =>
  text === '' ? '' : `${paint('bold', `${title}:`)}\n${text}`;

function operator({ operator: state, notShown }: Status, { now, paint }: View): string {
  if (state?.runs === true) return '';
  if (state === null && notShown.some((sentence) => sentence.includes('lease'))) return '';
  const since = state ? `; it was last seen ${ago(state.lastRenewed, now)}` : '';
  return `${paint('red', `The operator does not run${since}.`)} What follows may be out of date.\n`;
}

const policyColumns = ({ now }: View): readonly Column<Status['policies'][number]>[] => [
  { title: 'POLICY', of: ({ name }) => name },
  { title: 'MODE', of: ({ mode }) => mode },
  { title: 'WORKLOAD', of: ({ workload }) => workload, isExtra: true },
  { title: 'DNS', of: ({ status }) => status.dnsPods?.summary ?? '' },
  { title: 'ANSWERING', of: ({ status }) => status.dnsPods?.answeringSummary ?? '', isExtra: true },
  { title: 'LOOPING', of: ({ status }) => String(status.dnsPods?.looping ?? '') },
  { title: 'NODES', of: ({ status }) => status.nodes?.summary ?? '', isExtra: true },
  { title: 'DRIFTED', of: ({ status }) => String(status.nodes?.drifted ?? '') },
  { title: 'WAITING', of: ({ status }) => String(status.waitingCount) },
  { title: 'QUARANTINED', of: ({ status }) => status.quarantinedNodes.join(',') || '0' },
  { title: 'REPAIRED', of: ({ status }) => String(status.repaired) },
  {
    title: 'LAST REPAIR',
    of: ({ status }) => (status.lastRepairTime ? ago(status.lastRepairTime, now) : ''),
    isExtra: true,
  },
];

/** Nothing where it is off. */
function prober({ policies }: Status, { now }: View): string {
  return policies
    .flatMap(({ name, status }) => (status.prober ? [{ name, ...status.prober }] : []))
    .map(({ name, intervalSeconds, askedAt, service, notAskable }) =>
      [
        `  ${name}: asks each DNS pod every ${intervalSeconds}s (last noted ${ago(askedAt, now)}).`,
        ` ${SERVICE[service]}`,
        notAskable > 0 ? ` ${notAskable} DNS pods cannot be asked from where the operator runs.` : '',
        '\n',
      ].join(''),
    )
    .join('');
}

const SERVICE = {
  Answers: 'The cluster DNS Service answers.',
  DoesNotAnswer: 'The cluster DNS Service does not answer.',
  NotAsked: 'The cluster DNS Service cannot be asked from where the operator runs.',
} as const;

/** Of the policy under which nodes are checked, which is one. */
const nodes = ({ policies }: Status, view: View): string =>
  policies.map((policy) => (policy.status.nodes ? showNodes(policy.status.nodes, view) : '')).join('');

const podColumns = ({ now }: View): readonly Column<Status['dnsPods'][number]>[] => [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'NODE', of: ({ node }) => node },
  { title: 'READY', of: ({ ready }) => (ready ? 'yes' : 'no') },
  { title: 'RESTARTS', of: ({ restarts }) => String(restarts) },
  {
    title: 'LAST DEATH',
    of: ({ lastDeath }) =>
      lastDeath ? `${lastDeath.reason || 'exit'} (${lastDeath.exitCode}) ${ago(lastDeath.at, now)}` : '',
  },
  { title: 'AGE', of: ({ createdAt }) => shortDuration(now - Date.parse(createdAt)) },
];

const answer = ({ name }: Incident): string =>
  `    To see the change and to approve it: kubectl dnshealth approve ${name}\n    To reject it: kubectl dnshealth reject ${name} --reason ...\n`;
const acknowledge = ({ name }: Incident): string =>
  `    When that is done: kubectl dnshealth acknowledge ${name}\n`;

function observations({ policies }: Status, { now, paint }: View): string {
  return policies
    .flatMap(({ status }) => status.observations)
    .map(({ pod, node, cause, message, advice, lastSeen }) =>
      [
        `  ${paint('bold', node || '<none>')}  ${cause}, ${ago(lastSeen, now)}, pod ${pod}\n`,
        `    ${message}\n`,
        ...(advice === undefined ? [] : [`    Advice: ${advice}\n`]),
      ].join(''),
    )
    .join('');
}
