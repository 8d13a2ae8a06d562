/** How far the operator goes by itself, and how long a person may take to approve a plan. */
import * as z from 'zod';
import { parseGoDuration } from '../go-duration.ts';

/** The ladder of trust, from the lowest rung: each one shows what the next would do. */
export const MODES = ['Observe', 'Plan', 'Approve', 'Repair'] as const;
export type Mode = (typeof MODES)[number];

const SHORTEST = '5m';
const LONGEST = '720h';
/** As `spec.drift.interval`, without 0: a plan that never expires describes a node that has changed since. */
const DURATION = /^([0-9]{1,6}(\.[0-9]{1,3})?(h|m|s))+$/;
const MESSAGE = `expiresAfter must be at least ${SHORTEST} and at most ${LONGEST}`;

export const approvalPolicySchema = z
  .object({
    expiresAfter: z
      .string()
      .max(32)
      .regex(DURATION)
      .default('24h')
      .describe(
        `How long a plan waits for its approval in the mode Approve, for example 24h or 90m, at least ${SHORTEST} and at most ${LONGEST}. After that the incident ends as Expired, and a new crash or a new check makes a new plan.`,
      ),
  })
  // A pattern that does not match is reported by itself.
  .refine(
    ({ expiresAfter }) =>
      !DURATION.test(expiresAfter) ||
      (parseGoDuration(expiresAfter) >= parseGoDuration(SHORTEST) &&
        parseGoDuration(expiresAfter) <= parseGoDuration(LONGEST)),
    { path: ['expiresAfter'], message: MESSAGE },
  )
  .prefault({})
  .meta({
    'x-kubernetes-validations': [
      {
        rule: `duration(self.expiresAfter) >= duration('${SHORTEST}') && duration(self.expiresAfter) <= duration('${LONGEST}')`,
        message: MESSAGE,
        fieldPath: '.expiresAfter',
      },
    ],
  })
  .describe('How plans are approved in the mode Approve.');
