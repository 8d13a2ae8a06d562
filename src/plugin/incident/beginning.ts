/** How an incident began, in words: one case for each trigger. */
import { assertNever } from '../../api/assert-never.ts';
import type { TriggerEvidence } from '../../api/trigger.ts';

interface Beginning {
  /** One sentence, for a list of what happened. */
  readonly text: string;
  /** What shows it: the line of a log, or what a check says. */
  readonly shownBy: string;
  /** Where that is from. */
  readonly source: string;
  /** What durations are counted from. */
  readonly start: string;
}

export function beginningOf(spec: TriggerEvidence & { readonly node: { readonly name: string } }): Beginning {
  const node = spec.node.name;
  switch (spec.trigger) {
    case 'Crash':
      return {
        text: `The DNS pod ${spec.sighting.pod.name} on ${node} crashed in a forwarding loop.`,
        shownBy: spec.sighting.line,
        source: `log of ${spec.sighting.pod.name}`,
        start: 'crash',
      };
    case 'LateLoop':
      return {
        text: `The DNS pod ${spec.lateLoop.pod.name} on ${node} answers for no external name.`,
        shownBy: spec.lateLoop.check.message,
        source: 'check of the node',
        start: 'first failed answer',
      };
    case 'Drift': {
      const { kind, check, file } = spec.drift;
      return {
        text:
          kind === 'PendingInFile'
            ? `An inspection found the kubelet configuration of ${node} wrong; the running kubelet is still right.`
            : `A check found that the kubelet of ${node} gives new pods a resolv.conf that leads back to themselves.`,
        shownBy: check?.message ?? file?.message ?? '',
        source: kind === 'PendingInFile' ? 'inspection of the node' : 'check of the node',
        start: 'discovery',
      };
    }
    case 'Request':
      return {
        text: `${spec.request.by} asked what a repair would do to ${node}.`,
        shownBy: '',
        source: 'request for a plan',
        start: 'request',
      };
    case 'Rollback':
      return {
        text: `${spec.rollback.by} asked to undo ${spec.rollback.of.name} on ${node}: ${spec.rollback.reason}`,
        shownBy: '',
        source: 'request for a rollback',
        start: 'request',
      };
    default:
      return assertNever(spec);
  }
}
