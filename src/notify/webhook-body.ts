/** The body of the format `webhook`: the notice as JSON, with a version that changes when a field is removed or means something else. */
import type { Notice } from './notice.ts';

export const WEBHOOK_VERSION = 'dnshealth.io/notification.v1';

export function webhookBody(notice: Notice): string {
  return JSON.stringify({ version: WEBHOOK_VERSION, ...notice });
}
