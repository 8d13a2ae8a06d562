/** Reports incidents: a log line, Kubernetes events and notifications for each change of a record. */
import { assertNever } from '../api/assert-never.ts';
import { API_VERSION, DNS_NAMESPACE } from '../api/keys.ts';
import type { PolicyStatus } from '../api/policy/status.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import type { EventRecorder, EventTarget } from '../kube/event-recorder.ts';
import { breakerNotices } from '../notify/of-policy.ts';
import { noticesBetween } from '../notify/of-record.ts';
import { breakerTurned } from '../remediation/record/breaker-events.ts';
import { type EventIntent, eventsBetween, healthTurned, type Subject } from '../remediation/record/events.ts';
import type { Remediation } from '../remediation/world.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Notifier } from './notifying/notifier.ts';

export interface Narrator {
  /** The status of a remediation was written. */
  recordTransition(remediation: Remediation, after: RemediationStatus): void;
  /** The status of a policy was written. */
  policyTransition(policy: PolicyBefore, after: PolicyStatus): void;
  /** Something that is not a change of a record, for example a crash that is not a loop. */
  announce(intent: EventIntent): void;
}

interface PolicyBefore {
  readonly name: string;
  readonly uid: string;
  readonly status: PolicyStatus;
}

export function createNarrator(
  recorder: EventRecorder,
  logger: Logger,
  notifier: Pick<Notifier, 'tell'>,
): Narrator {
  function announce({ about, type, reason, action, note }: EventIntent): void {
    for (const subject of about)
      recorder.record({ regarding: referenceTo(subject), type, reason, action, note });
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
      for (const intent of eventsBetween(before, after, remediation)) announce(intent);
      notifier.tell(noticesBetween(before, after, remediation));
    },
    policyTransition(policy, after) {
      for (const intent of healthTurned(policy, policy.status, after)) announce(intent);
      for (const intent of breakerTurned(policy, policy.status, after)) announce(intent);
      notifier.tell(breakerNotices(policy, policy.status, after));
    },
  };
}

function referenceTo(subject: Subject): EventTarget {
  switch (subject.kind) {
    case 'policy':
      return { apiVersion: API_VERSION, kind: 'DNSHealthPolicy', name: subject.name, uid: subject.uid };
    case 'remediation':
      return { apiVersion: API_VERSION, kind: 'DNSRemediation', name: subject.name, uid: subject.uid };
    case 'pod':
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: DNS_NAMESPACE,
        name: subject.name,
        uid: subject.uid,
      };
    case 'node':
      // The kubelet's own events carry the node's name as uid, and `kubectl describe node` looks for that.
      return { apiVersion: 'v1', kind: 'Node', name: subject.name, uid: subject.name };
    default:
      return assertNever(subject);
  }
}
