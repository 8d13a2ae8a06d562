/** The end of a rollback that took effect: who asked for it and why, and how the node is repaired again. */
import { end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function rolledBack({ remediation, world }: Situation): Verdict {
  const { spec, status } = remediation;
  if (spec.trigger !== 'Rollback' || !status.rollback) return pass;
  const { of, by, reason } = spec.rollback;
  const node = spec.node.name;
  return end({
    phase: 'RolledBack',
    reason: 'RolledBackOnRequest',
    message: `${of.name} was undone, as ${by} asked: ${sentence(reason)} ${status.rollback.message}${
      world.node?.excluded === true
        ? ` Node ${node} is left alone from now on, by the label dnshealth.io/exclude=true.`
        : ` Someone has removed the label dnshealth.io/exclude of node ${node} in the meantime, so it may be repaired again.`
    }`,
    ...(world.node?.excluded === true && {
      advice: `The next DNS pod on the node gets the old resolv.conf. When the operator may repair the node again: \`kubectl label node ${node} dnshealth.io/exclude-\` and \`kubectl annotate node ${node} dnshealth.io/exclude-reason-\`.`,
    }),
    hold: false,
  });
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
