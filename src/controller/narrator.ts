/** Tells the story of an incident: one info line and the Kubernetes events for each change of its record. */
import { assertNever } from '../api/assert-never.ts';
import { API_VERSION, DNS_NAMESPACE } from '../api/keys.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import type { EventRecorder, EventTarget } from '../kube/event-recorder.ts';
import { type EventIntent, eventsBetween } from '../remediation/events.ts';
import type { Remediation } from '../remediation/world.ts';
import type { Logger } from '../runtime/logger.ts';

export interface Narrator {
  /** The status of a remediation was written. */
  recordTransition(remediation: Remediation, after: RemediationStatus): void;
  /** Something outside of a remediation's record: a sighting, a crash that is no loop. */
  announce(subjects: Subjects, intent: EventIntent): void;
}

/** What the events of one incident are about. */
export interface Subjects {
  readonly policy: { readonly name: string; readonly uid: string };
  readonly node: { readonly name: string };
  readonly pod: { readonly name: string; readonly uid: string };
}

export function createNarrator(recorder: EventRecorder, logger: Logger): Narrator {
  function announce(subjects: Subjects, { about, type, reason, action, note }: EventIntent): void {
    for (const subject of about)
      recorder.record({ regarding: referenceTo(subject, subjects), type, reason, action, note });
  }
  return {
    announce,
    recordTransition(remediation, after) {
      const { spec, status: before } = remediation;
      if (after.phase !== before.phase)
        logger.info('phase changed', {
          from: before.phase,
          to: after.phase,
          node: spec.node.name,
          reason: after.reason,
        });
      const subjects = { policy: spec.policy, node: spec.node, pod: spec.sighting.pod };
      for (const intent of eventsBetween(before, after, remediation)) announce(subjects, intent);
    },
  };
}

function referenceTo(subject: EventIntent['about'][number], { policy, node, pod }: Subjects): EventTarget {
  switch (subject) {
    case 'policy':
      return { apiVersion: API_VERSION, kind: 'DNSHealthPolicy', name: policy.name, uid: policy.uid };
    case 'node':
      // The kubelet's own events carry the node's name as uid, and `kubectl describe node` looks for that.
      return { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.name };
    case 'pod':
      return { apiVersion: 'v1', kind: 'Pod', namespace: DNS_NAMESPACE, name: pod.name, uid: pod.uid };
    default:
      return assertNever(subject);
  }
}
