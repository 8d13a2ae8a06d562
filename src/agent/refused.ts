/** The one error by which any step before the first write ends the run: why nothing was changed. */
import type { RefusalReason } from '../api/agent-protocol.ts';

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
