/** Events about a person's request to take a repair back. */
import type { Remediation } from '../world.ts';
import type { EventIntent } from './events.ts';

type Asked = NonNullable<Remediation['rollbackAsked']>;
type Original = Pick<Remediation, 'name' | 'uid' | 'spec'>;

const about = ({ name, uid, spec }: Original): EventIntent['about'] => [
  { kind: 'remediation', name, uid },
  { kind: 'node', name: spec.node.name },
];

export const rollbackRequested = (
  original: Original,
  { by, reason }: Asked,
  rollback: string,
): EventIntent => ({
  about: about(original),
  type: 'Normal',
  reason: 'RollbackRequested',
  action: 'RollBack',
  note: `${original.name}: ${by} asked to undo this repair (${reason}). DNSRemediation ${rollback} carries that out.`,
});

/** A request that makes no record. */
export const rollbackAnswered = (
  original: Original,
  { by, reason }: Asked,
  { kind, name }: { readonly kind: 'answered' | 'under-way'; readonly name: string },
): EventIntent => ({
  about: about(original),
  type: 'Normal',
  reason: 'RollbackKnown',
  action: 'RollBack',
  note:
    kind === 'under-way'
      ? `${original.name}: DNSRemediation ${name} undoes this repair already, so the request of ${by} (${reason}) makes no other record.`
      : `${original.name}: ${by} asked to undo this repair (${reason}). DNSRemediation ${name} is the answer to that: see \`kubectl describe dnsrem ${name}\`. To ask once more after it has ended, state another reason.`,
});
