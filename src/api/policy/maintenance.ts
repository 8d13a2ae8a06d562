/** When repairs may begin. */
import * as z from 'zod';
import { parseGoDuration } from '../go-duration.ts';
import { cronSchema } from './cron.ts';

const DURATION = /^([0-9]{1,4}(h|m))+$/;
const SHORTEST = '5m';
const LONGEST = '168h';
const MESSAGE = `duration must be at least ${SHORTEST} and at most ${LONGEST}`;

const ZONE_MESSAGE = 'timeZone must be an IANA time zone, for example Europe/Berlin';
/** The names that JavaScript and the API server know both; offsets are not names. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export const windowSchema = z
  .object({
    cron: cronSchema.describe(
      'When the window opens, as five cron fields: minute, hour, day of month, month, day of week. For example "0 22 * * MON-FRI".',
    ),
    duration: z
      .string()
      .max(16)
      .regex(DURATION)
      .describe(
        `How long it stays open, for example 4h or 90m, at least ${SHORTEST} and at most ${LONGEST}. It is elapsed time: a window that spans a change of daylight saving time is neither longer nor shorter.`,
      ),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .refine(isTimeZone, ZONE_MESSAGE)
      .default('UTC')
      .meta({
        'x-kubernetes-validations': [
          // The zone of the API server's own machine, and what Go reads as an offset, are not IANA zones.
          {
            rule: "self.matches('^[A-Za-z0-9_+/-]+$') && self != 'Local' && timestamp('2024-01-01T00:00:00Z').getHours(self) >= 0",
            message: ZONE_MESSAGE,
          },
        ],
      })
      .describe('IANA time zone in which cron is read, for example Europe/Berlin.'),
  })
  .refine(
    ({ duration }) =>
      !DURATION.test(duration) ||
      (parseGoDuration(duration) >= parseGoDuration(SHORTEST) &&
        parseGoDuration(duration) <= parseGoDuration(LONGEST)),
    { path: ['duration'], message: MESSAGE },
  )
  .meta({
    'x-kubernetes-validations': [
      {
        rule: `duration(self.duration) >= duration('${SHORTEST}') && duration(self.duration) <= duration('${LONGEST}')`,
        message: MESSAGE,
        fieldPath: '.duration',
      },
    ],
  });
export type MaintenanceWindow = z.infer<typeof windowSchema>;

export const maintenanceSchema = z
  .object({
    windows: z
      .array(windowSchema)
      .max(20)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe(
        'Times at which repairs may begin. If empty, they may begin at any time. What has begun ends outside of them as well.',
      ),
    urgent: z
      .enum(['Wait', 'Proceed'])
      .default('Wait')
      .describe(
        'What to do outside of the windows while no DNS pod of the workload answers at all. Wait: wait for a window all the same. Proceed: repair at once.',
      ),
  })
  .prefault({})
  .describe('When repairs may begin.');
export type Maintenance = z.infer<typeof maintenanceSchema>;
