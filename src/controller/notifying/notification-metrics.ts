/** Metrics of the notifications. Receivers appear by their name, never by their URL. */
import type { Metrics } from '../../runtime/metrics.ts';
import type { Delivery } from './post.ts';

const RESULTS = ['delivered', 'failed', 'refused'] as const satisfies readonly Delivery['kind'][];
const DROPPED_BECAUSE = ['full', 'expired', 'removed', 'stopped'] as const;
type DroppedBecause = (typeof DROPPED_BECAUSE)[number];

export interface NotificationMetrics {
  /** A file was read: these are told from now on. */
  inForce(receivers: readonly string[]): void;
  /** The last file that was read is not valid. */
  fileIsInvalid(isInvalid: boolean): void;
  answered(receiver: string, result: Delivery['kind']): void;
  queued(receiver: string, length: number): void;
  dropped(receiver: string, reason: DroppedBecause, count: number): void;
}

export function createNotificationMetrics(metrics: Metrics): NotificationMetrics {
  const sent = metrics.counter(
    'dnshealth_notifications_total',
    'Requests to receivers of notifications: delivered, failed (and tried again), refused (and given up)',
    ['receiver', 'result'],
  );
  const dropped = metrics.counter(
    'dnshealth_notifications_dropped_total',
    'Notifications that were never delivered: too many waited, it took too long, or the receiver or the process ended',
    ['receiver', 'reason'],
  );
  const queued = metrics.gauge('dnshealth_notifications_queued', 'Notifications that wait', ['receiver']);
  const receivers = metrics.gauge('dnshealth_notification_receivers', 'Receivers of notifications');
  const invalid = metrics.gauge(
    'dnshealth_notification_file_invalid',
    '1 if the file of receivers is not valid and an earlier one is in force, else 0',
  );
  receivers.set(0);
  invalid.set(0);

  return {
    inForce(names) {
      receivers.set(names.length);
      for (const receiver of names) {
        for (const result of RESULTS) sent.inc({ receiver, result }, 0);
        for (const reason of DROPPED_BECAUSE) dropped.inc({ receiver, reason }, 0);
        queued.inc({ receiver }, 0);
      }
    },
    fileIsInvalid: (isInvalid) => invalid.set(isInvalid ? 1 : 0),
    answered: (receiver, result) => sent.inc({ receiver, result }),
    queued: (receiver, length) => queued.set({ receiver }, length),
    dropped: (receiver, reason, count) => dropped.inc({ receiver, reason }, count),
  };
}
