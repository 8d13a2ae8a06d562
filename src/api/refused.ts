/** The error by which reading or changing the configuration of a node stops, with the reason that a report gives. */
import type { RefusalReason } from './agent-report.ts';

export class Refused extends Error {
  readonly reason: RefusalReason;
  /** Undefined where the advice for the reason fits. */
  readonly advice: string | undefined;

  constructor(
    reason: RefusalReason,
    message: string,
    options: { advice?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'Refused';
    this.reason = reason;
    this.advice = options.advice;
  }
}
