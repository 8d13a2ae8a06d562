/** The one error by which any step before the first write ends the run: nothing was changed, and here is why. */
import type { RefusalReason } from '../api/agent-protocol.ts';

export class Refused extends Error {
  readonly reason: RefusalReason;
  readonly advice: string | undefined;

  constructor(reason: RefusalReason, message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'Refused';
    this.reason = reason;
    this.advice = options.advice;
  }
}
