/** Who has paused what, why, until when, and what ends it. */
import { shortDuration } from '../terminal/durations.ts';
import type { Status } from './read-status.ts';
import type { View } from './view.ts';

export function showPauses({ pauseOfAll, policies }: Status, { now, paint }: View): string {
  const line = (what: string, by: string, reason: string, end: string): string =>
    `  ${paint('bold', what)}  by ${by}${end}: ${reason}\n`;
  return [
    ...(pauseOfAll
      ? [
          line('all policies', pauseOfAll.by, pauseOfAll.reason, ''),
          '    To end it: kubectl dnshealth resume --all-policies\n',
        ]
      : []),
    ...policies.flatMap(({ name, pauses }) => [
      ...pauses.map(({ by, reason, until }) =>
        line(
          name,
          by,
          reason,
          until === undefined ? '' : `, for another ${shortDuration(Date.parse(until) - now)}`,
        ),
      ),
      ...(pauses.length === 0 ? [] : [`    To end your own: kubectl dnshealth resume ${name}\n`]),
    ]),
  ].join('');
}
