/** An incident of the status as a paragraph: what it does or waits for since when, who answered, what people did to the node. */
import { type Incident, likelyWriters } from '../incident/incident.ts';
import { expiry } from '../incident/show-plan.ts';
import { shortDuration } from '../terminal/durations.ts';
import { ago, type View } from './view.ts';

export function showIncident(one: Incident, { now, paint }: View): string {
  const { name, node, phase, reason, began, waitingSince } = one;
  const state = reason === null || reason === phase ? phase : `${phase} (${reason})`;
  const since = waitingSince === null ? '' : `, waits for ${shortDuration(now - Date.parse(waitingSince))}`;
  return [
    `  ${paint('bold', node)}  ${state}${since}, began ${ago(began, now)}, DNSRemediation ${name}\n`,
    ...linesOf(one, now).map((line) => `    ${line}\n`),
  ].join('');
}

function linesOf(one: Incident, now: number): readonly string[] {
  const { reason, message, advice, rewrittenBy, otherPods, phase, plan, approvedBy, askedBy, interference } =
    one;
  const writers = likelyWriters(rewrittenBy);
  // What the record says of a plan that waits is the plan and how to answer it, which follow in lines of their own.
  const saysMore = message !== null && !(reason === 'AwaitingApproval' && plan !== null);
  return [
    ...(askedBy === null ? [] : [`Asked for by ${askedBy}.`]),
    ...(saysMore ? [message] : []),
    ...(phase === 'AwaitingApproval' && plan
      ? [
          `Plan ${plan.number}: ${plan.summary}`,
          ...(plan.expiresAt === undefined ? [] : [`It expires ${expiry(plan, now)}.`]),
        ]
      : []),
    ...(approvedBy === null ? [] : [`Approved by ${approvedBy}.`]),
    ...(writers === '' ? [] : [`What may have written the wrong value: ${writers}.`]),
    ...(otherPods === null || otherPods.total === 0 ? [] : [otherPods.message]),
    ...interference.map(({ message: what }) => what),
    ...(advice === null ? [] : [`Advice: ${advice}`]),
  ];
}
