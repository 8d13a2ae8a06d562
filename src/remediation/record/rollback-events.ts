/** The event of a person's request to take a repair back. */
import type { Remediation } from '../world.ts';
import type { EventIntent } from './events.ts';

export function rollbackRequested(
  { name, uid, spec }: Pick<Remediation, 'name' | 'uid' | 'spec'>,
  { by, reason }: NonNullable<Remediation['rollbackAsked']>,
  rollback: string,
): EventIntent {
  return {
    about: [
      { kind: 'remediation', name, uid },
      { kind: 'node', name: spec.node.name },
    ],
    type: 'Normal',
    reason: 'RollbackRequested',
    action: 'RollBack',
    note: `${name}: ${by} asked to undo this repair (${reason}). DNSRemediation ${rollback} carries that out.`,
  };
}
